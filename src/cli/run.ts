/** `volt run`: from flags to one checked configuration, then on to the machine. */
import { defineCommand } from "citty";
import { blockSignals } from "../../ffi/signal.ts";
import { ConfigError } from "../config/error.ts";
import { mergeConfig, parseConfig, parseConfigText, type VmConfigLayer } from "../config/parse.ts";
import type { VmConfig, VmConfigInput } from "../config/schema.ts";
import { openInput } from "../host/open-file.ts";
import { storePaths } from "../kernels/paths.ts";
import { findKernel, storeFolder } from "../kernels/store.ts";
import { becomeSecondStage } from "../machine/confine.ts";
import { openPlan } from "../machine/open.ts";
import { HANDLED_SIGNALS } from "../machine/signals.ts";
import { TIMELINE_BYTES, Timeline } from "../observe/timeline.ts";
import { print } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { configOfFlags, flagOf, RUN_FLAGS } from "./run-flags.ts";

const STDOUT = 1;
/** A thousand times what one takes: a disk image given by mistake is refused before it is read. */
const MOST_CONFIG_BYTES = 2 ** 20;

export const runVmCommand = defineCommand({
  meta: {
    name: "run",
    description: "boots one VM in the foreground; stdin and stdout are its console (Ctrl-] ? for help there)",
  },
  args: RUN_FLAGS,
  async run({ args, data }) {
    const { rest, lists, firstLineNs } = data as Invocation;
    const timeline = startTimeline(firstLineNs);
    const config = resolveConfig(args.config, configOfFlags(args, lists, rest));
    timeline.mark("configuration resolved");
    if (args["print-config"]) return print(STDOUT, `${JSON.stringify(config, null, 2)}\n`);

    const kernel = findKernel(config["boot-source"].kernel_image_path);
    if (config.volt.require_signed) {
      const { requireSigned } = await import("../kernels/trust/signed.ts");
      requireSigned(storePaths(storeFolder()), kernel);
    }
    // From here on a signal waits for the second stage, which takes it as data: none is lost in the exec.
    blockSignals(HANDLED_SIGNALS);
    const plan = openPlan(config, kernel, timeline);
    timeline.mark("confined, exec");
    return becomeSecondStage({ ...plan, stamps: timeline.stamps() });
  },
});

/** What a VM has that no file describes. */
const WITHOUT_FILE: VmConfigInput = { entropy: {} };

/** The file first, flags over it. @throws ConfigError */
export function resolveConfig(path: string | undefined, flags: VmConfigLayer): VmConfig {
  const file = path === undefined ? WITHOUT_FILE : parseConfigText(readConfigFile(path), path);
  return parseConfig(mergeConfig(file, flags), "", flagOf);
}

function readConfigFile(path: string): string {
  const { fd, size } = openInput(path, "--config");
  using _file = fd;
  if (size > MOST_CONFIG_BYTES) {
    throw new ConfigError(
      "",
      "--config",
      `${path} has ${size} bytes: a VM's description has at most ${MOST_CONFIG_BYTES}`,
    );
  }
  return Buffer.from(fd.readAt(0, size)).toString();
}

/** Time zero is the start of the process as Bun knows it. */
function startTimeline(firstLineNs: number): Timeline {
  const timeline = new Timeline(new ArrayBuffer(TIMELINE_BYTES), true);
  timeline.mark("process started", firstLineNs - Bun.nanoseconds());
  timeline.mark("volt's first line", firstLineNs);
  return timeline;
}
