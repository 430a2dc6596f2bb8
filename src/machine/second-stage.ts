/** The end of every first stage, whoever began it: everything is opened, then the process begins again inside the sandbox. */
import type { VmConfig } from "../config/schema.ts";
import { type DeviceKinds, devicePaths, withdrawDevices } from "../devices/virtio/registry.ts";
import type { FoundKernel } from "../kernels/store.ts";
import type { Counts } from "../observe/metrics/counts.ts";
import type { Timeline } from "../observe/timeline.ts";
import { confinement } from "../security/confinement.ts";
import type { OpenPath } from "../security/open-path.ts";
import { becomeSecondStage } from "./confine.ts";
import type { PlannedMetrics } from "./metrics-file.ts";
import { openPlan } from "./open.ts";
import type { PlannedFace } from "./plan.ts";
import { HANDLED_SIGNALS } from "./signals.ts";

export interface FirstStage {
  readonly config: VmConfig;
  readonly kinds: DeviceKinds;
  readonly kernel: FoundKernel;
  readonly timeline: Timeline;
  /** What the metadata service has at the start, as JSON, where no file of the configuration's says it. */
  readonly metadata?: string | undefined;
  /** What else has to stay reachable. */
  readonly folders?: readonly OpenPath[] | undefined;
  /** Asked last, when every descriptor that must not survive the exec is marked so; undefined for volt without an API. */
  readonly face?: (() => PlannedFace) | undefined;
  /** Where metrics go, if that is open already; asked with the face. */
  readonly metrics?: (() => PlannedMetrics) | undefined;
  /** What was counted so far. */
  readonly counts?: Counts;
}

/**
 * Does not return. When a step fails, what devices have left where others see it is taken away again.
 * @throws ConfigError, SystemError
 */
export function enterSecondStage(stage: FirstStage): never {
  const { config, kinds, kernel, timeline, metadata, face, folders = [], metrics, counts } = stage;
  const open = openPlan(config, kinds, kernel, timeline, metadata);
  try {
    const paths = devicePaths(kinds, config, open.devices);
    const reachable = { ...paths, folders: [...paths.folders, ...folders] };
    const way = confinement(config.volt.sandbox, reachable, HANDLED_SIGNALS);
    const worn = {
      ...(face ? { face: face() } : {}),
      ...(metrics ? { metrics: metrics() } : {}),
      ...(counts ? { counts } : {}),
    };
    timeline.mark("confined, exec");
    return becomeSecondStage({ ...open, ...worn, sandbox: way.demands, stamps: timeline.stamps() }, way);
  } catch (error) {
    withdrawDevices(kinds, open.devices);
    throw error;
  }
}
