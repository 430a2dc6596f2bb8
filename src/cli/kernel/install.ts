/** `volt kernel install`. */
import { defineCommand } from "citty";
import { INSTALLABLE, installKernel } from "../../kernels/install.ts";
import { checkName } from "../../kernels/paths.ts";
import { showAdded } from "./added.ts";
import { JSON_FLAG, thisStore } from "./command.ts";
import { clearedAway } from "./ending.ts";
import { Progress } from "./progress.ts";

export const installCommand = defineCommand({
  meta: { name: "install", description: "gets a distribution's kernel by apt, with the modules volt's devices need" },
  args: {
    what: { type: "positional", required: true, description: Object.keys(INSTALLABLE).join(" or ") },
    name: { type: "string", valueHint: "NAME", description: "its name in the store (default: what is installed)" },
    ...JSON_FLAG,
  },
  async run({ args }) {
    const name = checkName(args.name ?? args.what, "--name");
    const added = await clearedAway(async () => {
      using progress = new Progress();
      return await installKernel(thisStore(), args.what, name, (text) => progress.say(text));
    });
    showAdded(args.json, added, "installed");
  },
});
