/** What may be changed of a device while its guest runs. All of it is called in the thread that runs the device. */
import type { RateLimiterConfig } from "../../config/devices.ts";

export interface DiskControls {
  readonly kind: "disk";
  /** Looks at the size of its file again, and tells the guest. @throws SystemError */
  resize(): void;
  /** A bucket that is not given stays, one of size 0 goes. @throws Error for a device made without limits */
  limit(limits: RateLimiterConfig): void;
}

export interface InterfaceControls {
  readonly kind: "interface";
  /** As for a disk. */
  limit(way: "receive" | "transmit", limits: RateLimiterConfig): void;
}

export interface BalloonControls {
  readonly kind: "balloon";
  /** What the guest is asked to give up, and what it says it has. */
  readonly targetMib: number;
  readonly actualMib: number;
  /** What the guest said last of its memory: bytes, or how often. */
  readonly statistics: ReadonlyMap<string, number>;
  setTarget(mib: number): void;
  /** Asks the guest once for all its free memory. */
  startHinting(): void;
}

export type DeviceControls = DiskControls | InterfaceControls | BalloonControls;
