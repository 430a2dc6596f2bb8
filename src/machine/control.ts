/** What a control API may do to a running machine. The main loop offers it; all of it runs in the main thread. */
import type { VmConfig } from "../config/schema.ts";
import type { MmdsStore } from "../devices/mmds/store.ts";
import type { BalloonControls, DiskControls, EntropyControls, InterfaceControls } from "../devices/virtio/controls.ts";
import type { EventSource } from "../devices/virtio/device.ts";
import type { Counts } from "../observe/metrics/counts.ts";
import type { Readings } from "../observe/metrics/readings.ts";
import type { Mark } from "../observe/timeline.ts";
import type { ConsoleHub } from "./console/hub.ts";
import type { EventFeed } from "./events.ts";

/** It can't be done: the message says why. */
export class ControlError extends Error {
  override readonly name = "ControlError";
}

export interface MachineControl {
  /** As the machine is now: what it was started with, and what was changed of that. */
  readonly config: VmConfig;
  readonly isPaused: boolean;
  /** The guest was asked to go down. */
  readonly isStopping: boolean;
  readonly events: EventFeed;
  readonly console: ConsoleHub;
  /** Returns when every vCPU stands still. @throws Error when one does not: all run on */
  pause(): void;
  resume(): void;
  /** Asks the guest to go down, as SIGTERM does; a guest that is paused goes on for it. */
  shutDown(): void;
  /** Ends the machine at once, as SIGHUP does. */
  end(): void;
  pressPowerButton(): void;
  pressCtrlAltDel(): void;
  /** The terminal of somebody who reads the console has this size: a virtio console tells the guest. */
  resizeConsole(size: { readonly columns: number; readonly rows: number }): void;
  /** @throws ControlError when there is no such device, as do the next three */
  disk(id: string): DiskControls;
  networkInterface(id: string): InterfaceControls;
  balloon(): BalloonControls;
  entropy(): EntropyControls;
  /** What is counted as it happens: the API's own counts go here. */
  readonly counts: Counts;
  /** Has a line of metrics written. @throws ControlError when their target takes none; nothing happens where there is none */
  flushMetrics(): void;
  /** All that is measured, now. */
  readings(): Readings;
  /** What the metadata service tells the guest; undefined where no interface has one. */
  readonly mmds: MmdsStore | undefined;
  /** The start and boot so far. */
  timeline(): readonly Mark[];
}

/** A control API, as the main loop sees it: it is woken with its descriptor. */
export interface ControlService extends EventSource {
  /** The vCPUs run: whoever asked for the start may know. */
  started(): void;
}
