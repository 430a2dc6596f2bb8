/** `volt run`: from flags to one checked configuration, then on to the machine. */
import { readFileSync } from "node:fs";
import { defineCommand } from "citty";
import { blockSignals } from "../../ffi/signal.ts";
import { mergeConfig, parseConfig, parseConfigText } from "../config/parse.ts";
import type { VmConfig, VmConfigInput } from "../config/schema.ts";
import { becomeSecondStage } from "../machine/confine.ts";
import { openPlan } from "../machine/open.ts";
import { HANDLED_SIGNALS } from "../machine/signals.ts";
import { TIMELINE_BYTES, Timeline } from "../observe/timeline.ts";
import type { Invocation } from "./cli.ts";
import { print } from "./failure.ts";
import { configOfFlags, RUN_FLAGS } from "./run-flags.ts";

const STDOUT = 1;

export const runVmCommand = defineCommand({
  meta: {
    name: "run",
    description: "boots one VM in the foreground; stdin and stdout are its console (Ctrl-] ? for help there)",
  },
  args: RUN_FLAGS,
  run({ args, data }) {
    const { rest, firstLineNs } = data as Invocation;
    const timeline = startTimeline(firstLineNs);
    const config = resolve(args.config, configOfFlags(args, rest));
    timeline.mark("configuration resolved");
    if (args["print-config"]) return print(STDOUT, `${JSON.stringify(config, null, 2)}\n`);

    // From here on a signal waits for the second stage, which takes it as data: none is lost in the exec.
    blockSignals(HANDLED_SIGNALS);
    const plan = openPlan(config, timeline);
    timeline.mark("confined, exec");
    return becomeSecondStage({ ...plan, stamps: timeline.stamps() });
  },
});

/** The file first, flags over it. */
function resolve(path: string | undefined, flags: VmConfigInput): VmConfig {
  const file = path === undefined ? {} : parseConfigText(readFileSync(path, "utf8"), path);
  return parseConfig(mergeConfig(file, flags), "");
}

/** Time zero is the start of the process as Bun knows it. */
function startTimeline(firstLineNs: number): Timeline {
  const timeline = new Timeline(new ArrayBuffer(TIMELINE_BYTES), true);
  timeline.mark("process started", firstLineNs - Bun.nanoseconds());
  timeline.mark("volt's first line", firstLineNs);
  return timeline;
}
