/** `volt version`. */
import { defineCommand } from "citty";
import { VERSION } from "../version.ts";
import { print } from "./failure.ts";

const STDOUT = 1;

export const versionCommand = defineCommand({
  meta: { name: "version", description: "volt's version" },
  args: { json: { type: "boolean", description: "as JSON" } },
  run({ args }) {
    print(STDOUT, args.json ? `${JSON.stringify({ volt: VERSION, bun: Bun.version })}\n` : `volt ${VERSION}\n`);
  },
});
