/** The end of every first stage, whoever began it: everything is opened, then the process begins again inside the sandbox. */
import type { VmConfig } from "../config/schema.ts";
import { type DeviceKinds, deviceFolders, withdrawDevices } from "../devices/virtio/registry.ts";
import type { FoundKernel } from "../kernels/store.ts";
import type { Timeline } from "../observe/timeline.ts";
import { confinement } from "../security/confinement.ts";
import type { OpenFolder } from "../security/folder.ts";
import { becomeSecondStage } from "./confine.ts";
import { openPlan } from "./open.ts";
import type { PlannedFace } from "./plan.ts";

export interface FirstStage {
  readonly config: VmConfig;
  readonly kinds: DeviceKinds;
  readonly kernel: FoundKernel;
  readonly timeline: Timeline;
  /** What else has to stay reachable. */
  readonly folders?: readonly OpenFolder[] | undefined;
  /** Asked last, when every descriptor that must not survive the exec is marked so; undefined for volt without an API. */
  readonly face?: (() => PlannedFace) | undefined;
}

/**
 * Does not return. When a step fails, what devices have left where others see it is taken away again.
 * @throws ConfigError, SystemError
 */
export function enterSecondStage({ config, kinds, kernel, timeline, face, folders = [] }: FirstStage): never {
  const open = openPlan(config, kinds, kernel, timeline);
  try {
    const way = confinement(config.volt.sandbox, [...deviceFolders(kinds, open.devices), ...folders]);
    const worn = face ? { face: face() } : {};
    timeline.mark("confined, exec");
    return becomeSecondStage({ ...open, ...worn, sandbox: way.demands, stamps: timeline.stamps() }, way);
  } catch (error) {
    withdrawDevices(kinds, open.devices);
    throw error;
  }
}
