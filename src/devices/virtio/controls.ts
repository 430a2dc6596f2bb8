/** What may be changed of a device while its guest runs. All of it is called in the thread that runs the device. */
import type { RateLimiterConfig } from "../../config/devices.ts";

export interface DiskControls {
  readonly kind: "disk";
  /** Of its file, as it was opened. */
  readonly path: string;
  readonly limits: RateLimiterConfig;
  /**
   * Has another file as soon as no request is under way in the old one. The same again: its size is looked at anew.
   * @param done is told, once, perhaps before this returns: why the old file stays, or nothing
   * @throws Error: the old file stays
   */
  replaceFile(path: string, done: (problem?: string) => void): void;
  /** A bucket that is not given stays, one of size 0 goes. @throws Error for a device made without limits */
  limit(limits: RateLimiterConfig): void;
}

export interface InterfaceControls {
  readonly kind: "interface";
  readonly limits: Readonly<Record<"receive" | "transmit", RateLimiterConfig>>;
  /** As for a disk. */
  limit(way: "receive" | "transmit", limits: RateLimiterConfig): void;
}

export interface EntropyControls {
  readonly kind: "entropy";
  readonly limits: RateLimiterConfig;
  /** As for a disk. */
  limit(limits: RateLimiterConfig): void;
}

export interface BalloonControls {
  readonly kind: "balloon";
  /** What the guest is asked to give up, and what it says it has. */
  readonly targetMib: number;
  readonly actualMib: number;
  /** What the guest said last of its memory: bytes, or how often. */
  readonly statistics: ReadonlyMap<string, number>;
  /** Seconds between two of them; 0: there are none, and never will be. */
  readonly pollingSeconds: number;
  /** Numbers of the commands that host and guest gave last; undefined for a guest that gave none. */
  readonly hinting: { readonly host: number; readonly guest: number | undefined };
  setTarget(mib: number): void;
  /** Only where there are statistics, and not to 0. */
  setPollingSeconds(seconds: number): void;
  /** Asks the guest once for all its free memory. @param givesBack whether the guest has it again when it has named all */
  startHinting(givesBack: boolean): void;
  /** The guest has its memory again. */
  stopHinting(): void;
}

export type DeviceControls = DiskControls | InterfaceControls | EntropyControls | BalloonControls;
