/** From a draft to the second stage, in steps of which the early ones leave nothing behind. */
import { blockSignals } from "../../ffi/signal.ts";
import type { ApiServer } from "../api/server.ts";
import { parseConfig } from "../config/parse.ts";
import { deviceKinds } from "../devices/virtio/registry.ts";
import type { FoundKernel } from "../kernels/store.ts";
import { checkStart } from "../machine/check-start.ts";
import type { PlannedFace } from "../machine/plan.ts";
import { enterSecondStage } from "../machine/second-stage.ts";
import { checkDeviceCount } from "../machine/virtio/count.ts";
import type { Counts } from "../observe/metrics/counts.ts";
import type { Timeline } from "../observe/timeline.ts";
import { checkSandbox } from "../security/confinement.ts";
import { beginBoot } from "./boot-timer.ts";
import { type Draft, keepMetricsOpen } from "./draft.ts";
import { type PlannedFirecracker, SIGNALS } from "./face.ts";
import type { FirecrackerLog } from "./log.ts";
import { toVmConfig } from "./vm-config.ts";

export interface Start {
  readonly draft: Draft;
  readonly log: FirecrackerLog;
  readonly counts: Counts;
  /** Undefined under --no-api. */
  readonly server: ApiServer | undefined;
  readonly fromFile: boolean;
  readonly allowedPaths: readonly string[];
  /** Whether the log is to say how long the guest took. */
  readonly timesBoot: boolean;
  readonly timeline: Timeline;
}

/** What a start that failed has left behind: whether descriptors are open that only an exec closes. */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly hasOpened: boolean;

  constructor(cause: unknown, hasOpened: boolean) {
    super(`Start microvm error: ${cause instanceof Error ? cause.message : cause}`);
    this.hasOpened = hasOpened;
  }
}

/** Returns only by a StartError. */
export async function startDraft(start: Start): Promise<never> {
  const { draft, log, counts, server, fromFile, allowedPaths, timeline, timesBoot } = start;
  const bootBegin = timesBoot ? beginBoot() : undefined;
  let hasOpened = false;
  try {
    const config = parseConfig(toVmConfig(draft, log.settings.id, allowedPaths), "");
    checkDeviceCount(config);
    const kinds = await deviceKinds(config);
    // By its path, never by a name of the store.
    const kernel: FoundKernel = { path: draft.boot?.kernel_image_path ?? "", modulesPath: undefined, inStore: false };
    checkSandbox(config.volt.sandbox);
    checkStart(config, kernel);
    hasOpened = true;
    // From here on they wait for the second stage, which takes them as data.
    blockSignals(SIGNALS);
    const face = (): PlannedFace => {
      log.keepOpen();
      // What the machine has already, and changes.
      const shown = { ...draft, metadata: undefined };
      const data: PlannedFirecracker = { api: server?.plan(), draft: shown, log: log.settings, fromFile, bootBegin };
      return { name: "firecracker", data };
    };
    const { metadata, metrics } = draft;
    const openMetrics =
      metrics &&
      (() => {
        keepMetricsOpen(draft);
        return metrics;
      });
    return enterSecondStage({ config, kinds, kernel, timeline, metadata, face, counts, metrics: openMetrics });
  } catch (error) {
    throw new StartError(error, hasOpened);
  }
}
