/** What a control API may do to a running machine. The main loop offers it; all of it runs in the main thread. */
import type { VmConfig } from "../config/schema.ts";
import type { BalloonControls, DiskControls, InterfaceControls } from "../devices/virtio/controls.ts";
import type { DeviceCounters } from "../devices/virtio/counters.ts";
import type { EventSource } from "../devices/virtio/device.ts";
import type { Mark } from "../observe/timeline.ts";
import type { ConsoleHub } from "./console/hub.ts";
import type { EventFeed } from "./events.ts";

/** It can't be done: the message says why. */
export class ControlError extends Error {
  override readonly name = "ControlError";
}

export interface MachineControl {
  /** What the machine was started with. */
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
  /** @throws ControlError when there is no such device, as do the next two */
  disk(id: string): DiskControls;
  networkInterface(id: string): InterfaceControls;
  balloon(): BalloonControls;
  /** What each device did since the start, in their order. */
  counters(): readonly { readonly name: string; readonly counters: DeviceCounters }[];
  /** The start and boot so far. */
  timeline(): readonly Mark[];
}

/** A control API, as the main loop sees it: it is woken with its descriptor. */
export interface ControlService extends EventSource {
  /** The vCPUs run: whoever asked for the start may know. */
  started(): void;
}
