/** `volt kernel export` and `import`. */
import { defineCommand } from "citty";
import { isTerminal } from "../../../ffi/terminal.ts";
import { ConfigError } from "../../config/error.ts";
import { exportKernel, STDIO } from "../../kernels/export.ts";
import { importKernel } from "../../kernels/import.ts";
import { usableKernel } from "../../kernels/list.ts";
import { print } from "../failure.ts";
import { showAdded } from "./added.ts";
import { JSON_FLAG, NAME, show, thisStore } from "./command.ts";

const STDOUT = 1;
const STDERR = 2;
const UNSIGNED = "; it is not signed here: its signature is of the file it was made from, so add that with --signature";

export const exportCommand = defineCommand({
  meta: { name: "export", description: "writes a kernel with all that belongs to it into one file (tar)" },
  args: {
    name: NAME,
    file: { type: "positional", required: true, description: "where it goes; - for stdout" },
    ...JSON_FLAG,
  },
  async run({ args }) {
    const isStdout = args.file === STDIO;
    if (isStdout && isTerminal(STDOUT)) {
      throw new ConfigError("", "stdout", "an archive is nothing for a terminal: volt kernel export NAME FILE");
    }
    await exportKernel(usableKernel(thisStore(), args.name), args.file);
    if (isStdout) return print(STDERR, `exported ${args.name} to stdout\n`);
    show(args.json, { name: args.name, file: args.file }, `exported ${args.name} to ${args.file}`);
  },
});

export const importCommand = defineCommand({
  meta: { name: "import", description: "takes in a kernel that `volt kernel export` wrote" },
  args: {
    file: { type: "positional", required: true, description: "what export wrote; - for stdin" },
    name: { type: "string", required: true, valueHint: "NAME", description: "its name in the store" },
    ...JSON_FLAG,
  },
  async run({ args }) {
    const { lostSignature, ...added } = await importKernel(thisStore(), args.file, args.name);
    showAdded(args.json, added, "imported", lostSignature ? UNSIGNED : "");
  },
});
