/** What a control API may do, on the machine that runs. */
import { monotonicNs } from "../../ffi/clock.ts";
import type { DeviceControls } from "../devices/virtio/controls.ts";
import type { Latencies } from "../observe/metrics/counts.ts";
import type { Readings } from "../observe/metrics/readings.ts";
import type { Console } from "./console/console.ts";
import { ControlError, type MachineControl } from "./control.ts";
import type { EventFeed } from "./events.ts";
import { liveConfig } from "./live-config.ts";
import type { MachineParts } from "./parts.ts";
import type { PowerButton } from "./power-button.ts";

/** What the main loop has and does itself. */
export interface LoopControls {
  readonly button: PowerButton;
  readonly console: Console;
  readonly events: EventFeed;
  readonly readings: () => Readings;
  /** @returns false when a line was lost */
  readonly flushMetrics: () => boolean;
  readonly isStopping: () => boolean;
  /** Asks the guest to go down. */
  readonly shutDown: () => void;
  readonly end: () => void;
}

export function machineControl(parts: MachineParts, loop: LoopControls): MachineControl {
  const { plan, vcpus, timeline, devices, mmds, counts } = parts;
  const { button, console, events, readings, flushMetrics, isStopping, shutDown, end } = loop;
  const controls = devices.flatMap(({ name, controls }) => (controls ? [{ name, controls }] : []));
  const find = <K extends DeviceControls["kind"]>(kind: K, id?: string): Extract<DeviceControls, { kind: K }> => {
    const found = controls.find((one) => one.controls.kind === kind && (id === undefined || one.name === id));
    if (!found) throw new ControlError(`there is no ${kind}${id === undefined ? "" : ` ${id}`}`);
    return found.controls as Extract<DeviceControls, { kind: K }>;
  };
  const changeable = {
    disk: (id: string) => find("disk", id),
    networkInterface: (id: string) => find("interface", id),
    balloon: () => find("balloon"),
    entropy: () => find("entropy"),
  };
  return {
    get config() {
      return liveConfig(plan.config, changeable);
    },
    get isPaused() {
      return vcpus.isPaused;
    },
    get isStopping() {
      return isStopping();
    },
    events,
    console: console.hub,
    pause: () => {
      if (vcpus.isPaused) return;
      timed(counts.latencies, "pause", () => vcpus.pause());
      events.tell({ event: "paused" });
    },
    resume: () => {
      if (!vcpus.isPaused) return;
      timed(counts.latencies, "resume", () => vcpus.resume());
      events.tell({ event: "resumed" });
    },
    shutDown,
    end,
    pressPowerButton: () => button.press(),
    pressCtrlAltDel: () => button.pressCtrlAltDel(),
    resizeConsole: (size) => console.resize(size),
    ...changeable,
    counts,
    mmds: plan.config["mmds-config"] && mmds,
    readings,
    flushMetrics() {
      if (!flushMetrics())
        throw new ControlError("its target takes nothing now: what it told will be in the next line");
    },
    timeline: () => timeline.marks(),
  };
}

function timed(latencies: Latencies, what: "pause" | "resume", act: () => void): void {
  const before = monotonicNs();
  act();
  latencies[what] = Math.round((monotonicNs() - before) / 1e3);
}
