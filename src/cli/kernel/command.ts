/** What the commands of `volt kernel` share: the store, and how results are shown. */
import { type StorePaths, storePaths } from "../../kernels/paths.ts";
import { storeFolder } from "../../kernels/store.ts";

export { age, bytes, JSON_FLAG, show, table } from "../output.ts";

export const NAME = { type: "positional", required: true, description: "a kernel's name in the store" } as const;

/** The store of this user. */
export function thisStore(): StorePaths {
  return storePaths(storeFolder());
}
