/** `volt kernel export` and `import`. */
import { defineCommand } from "citty";
import { exportKernel, importKernel } from "../../kernels/archive.ts";
import { storedKernel } from "../../kernels/list.ts";
import { showAdded } from "./added.ts";
import { JSON_FLAG, NAME, show, thisStore } from "./command.ts";

export const exportCommand = defineCommand({
  meta: { name: "export", description: "writes a kernel with all that belongs to it into one file (tar)" },
  args: { name: NAME, file: { type: "positional", required: true, description: "where it goes" }, ...JSON_FLAG },
  async run({ args }) {
    await exportKernel(storedKernel(thisStore(), args.name), args.file);
    show(args.json, { name: args.name, file: args.file }, `exported ${args.name} to ${args.file}`);
  },
});

export const importCommand = defineCommand({
  meta: { name: "import", description: "takes in a kernel that `volt kernel export` wrote" },
  args: {
    file: { type: "positional", required: true, description: "what export wrote" },
    name: { type: "string", required: true, valueHint: "NAME", description: "its name in the store" },
    ...JSON_FLAG,
  },
  async run({ args }) {
    showAdded(args.json, await importKernel(thisStore(), args.file, args.name), "imported");
  },
});
