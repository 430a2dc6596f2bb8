/** volt under the name of firecracker. */
import { symlinkSync } from "node:fs";
import { type Folder, VOLT } from "../cli/volt.ts";

/** @returns the path of a link named firecracker */
export function firecracker(folder: Folder): string {
  const path = folder.file("firecracker");
  symlinkSync(VOLT, path);
  return path;
}
