/** `volt run`: from flags to one checked configuration, then on to the machine. */
import { defineCommand } from "citty";
import { blockSignals } from "../../ffi/signal.ts";
import { ConfigError } from "../config/error.ts";
import { withLimiters } from "../config/limiters.ts";
import type { VmConfig } from "../config/schema.ts";
import { deviceKinds } from "../devices/virtio/registry.ts";
import { storePaths } from "../kernels/paths.ts";
import { findKernel, storeFolder } from "../kernels/store.ts";
import { enterSecondStage } from "../machine/second-stage.ts";
import { HANDLED_SIGNALS } from "../machine/signals.ts";
import { checkDeviceCount } from "../machine/virtio/count.ts";
import { Timeline } from "../observe/timeline.ts";
import { enterCgroup, limitedDevices } from "../security/cgroup.ts";
import { checkSandbox } from "../security/confinement.ts";
import type { Waiting } from "./detach.ts";
import { print } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { register } from "./registration.ts";
import { resolveWithNames } from "./resolve-config.ts";
import { configOfFlags, RUN_FLAGS } from "./run-flags.ts";

const STDOUT = 1;

export const runVmCommand = defineCommand({
  meta: {
    name: "run",
    description: "boots one VM; stdin and stdout are its console (Ctrl-] ? for help there), unless it is detached (-d)",
  },
  args: RUN_FLAGS,
  async run({ args, data }) {
    const { rest, lists, firstLineNs } = data as Invocation;
    const timeline = Timeline.ofProcess(firstLineNs);
    const { config, nameOf } = resolveWithNames(args.config, configOfFlags(args, lists, rest));
    timeline.mark("configuration resolved");
    if (args["print-config"]) return print(STDOUT, `${JSON.stringify(config, null, 2)}\n`);
    if (config.volt.detached) {
      const { runDetached, whoWaits } = await import("./detach.ts");
      const waiting = whoWaits();
      if (!waiting) return await runDetached(process.argv.slice(2));
      return await namingFields(nameOf, () => start(config, args.api, timeline, waiting));
    }
    return await namingFields(nameOf, () => start(config, args.api, timeline));
  },
});

/** What can't be is told by where it was said: a file's field, or a flag. */
async function namingFields(nameOf: (field: string) => string, start: () => Promise<never>): Promise<never> {
  try {
    return await start();
  } catch (error) {
    throw error instanceof ConfigError ? error.renamed(nameOf) : error;
  }
}

/** Does not return. @throws ConfigError, SystemError */
async function start(
  described: VmConfig,
  api: string | undefined,
  timeline: Timeline,
  waiting?: Waiting,
): Promise<never> {
  // Whoever finds the API may set limits.
  const config = withLimiters(described);
  checkDeviceCount(config);
  const kinds = await deviceKinds(config);
  const kernel = findKernel(config["boot-source"].kernel_image_path);
  if (config.volt.require_signed) {
    const { requireSigned } = await import("../kernels/trust/signed.ts");
    requireSigned(storePaths(storeFolder()), kernel);
  }
  // From here on a signal waits for the second stage, which takes it as data: none is lost in the exec.
  blockSignals(HANDLED_SIGNALS);
  const sandbox = config.volt.sandbox;
  checkSandbox(sandbox);
  if (sandbox.cgroup) {
    const disks = config.drives.map(({ path_on_host }) => path_on_host);
    enterCgroup(sandbox.cgroup, limitedDevices(sandbox.cgroup, disks));
  }
  const registration = await register(config, api, waiting);
  try {
    const { face, folders } = registration ?? {};
    return enterSecondStage({ config, kinds, kernel, timeline, face, folders });
  } catch (error) {
    registration?.withdraw();
    throw error;
  }
}
