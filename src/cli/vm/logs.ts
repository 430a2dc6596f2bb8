/** `volt logs`: what a VM that runs detached has printed. */
import { defineCommand } from "citty";
import { Fd } from "../../../ffi/fd.ts";
import { ConfigError } from "../../config/error.ts";
import { isAlive } from "../../instances/lock.ts";
import { GrowingFile } from "./growing-file.ts";
import { findInstanceOf, TARGET_FLAGS } from "./target.ts";

const [STDOUT, STDERR] = [1, 2];
const LOOK_MS = 100;

export const logsCommand = defineCommand({
  meta: {
    name: "logs",
    description:
      "prints what a detached VM printed (stdout: its console, stderr: volt's log), up to an hour after its end",
  },
  args: {
    // --api is here to be told why it can't be: what is read are files of a VM's folder.
    ...TARGET_FLAGS,
    follow: { type: "boolean", alias: "f", description: "goes on until the VM ends" },
  },
  async run({ args }) {
    const { id, record, paths } = findInstanceOf(args, "logs");
    if (record && !record.detached) {
      throw new ConfigError("", id, "this VM does not run detached (-d): what it prints is where it was started");
    }
    const sources = [
      { from: new GrowingFile(paths.console), to: new Fd(STDOUT, "stdout") },
      { from: new GrowingFile(paths.log), to: new Fd(STDERR, "stderr") },
    ];
    for (;;) {
      // Asked first: what it printed last is in the files by then.
      const goesOn = args.follow === true && isAlive(paths);
      for (const { from, to } of sources) for (const bytes of from.news()) to.writeAll(bytes);
      if (!goesOn) return;
      await Bun.sleep(LOOK_MS);
    }
  },
});
