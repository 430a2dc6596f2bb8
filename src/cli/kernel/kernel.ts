/** `volt kernel`: the kernel store. Each command is loaded when it is asked for. */
import { type CommandDef, defineCommand } from "citty";
import { plain } from "../plain.ts";

const COMMANDS: Readonly<Record<string, () => Promise<CommandDef>>> = {
  ls: async () => plain((await import("./ls.ts")).lsCommand),
  add: async () => plain((await import("./add.ts")).addCommand),
  install: async () => plain((await import("./install.ts")).installCommand),
  build: async () => plain((await import("./build.ts")).buildCommand),
  inspect: async () => plain((await import("./inspect.ts")).inspectCommand),
  check: async () => plain((await import("./check.ts")).checkCommand),
  diff: async () => plain((await import("./diff.ts")).diffCommand),
  verify: async () => plain((await import("./verify.ts")).verifyCommand),
  default: async () => plain((await import("./names.ts")).defaultCommand),
  tag: async () => plain((await import("./names.ts")).tagCommand),
  rm: async () => plain((await import("./names.ts")).rmCommand),
  gc: async () => plain((await import("./gc.ts")).gcCommand),
  export: async () => plain((await import("./archive.ts")).exportCommand),
  import: async () => plain((await import("./archive.ts")).importCommand),
  trust: async () => plain((await import("./trust.ts")).trustCommand),
};

export const kernelCommand = defineCommand({
  meta: { name: "kernel", description: "kernels: gets, builds, checks and keeps them" },
  subCommands: { ...COMMANDS },
});
