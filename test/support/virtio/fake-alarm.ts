import type { Alarm } from "../../../src/devices/virtio/limiter/throttle.ts";

/** A clock and an alarm that only move when a test says so. */
export class FakeAlarm implements Alarm {
  readonly fd = -1;
  time = 1e15;
  /** When it rings; never while undefined. */
  rings: number | undefined;
  readonly now = (): number => this.time;

  setOnce(ns: number): void {
    this.rings = this.time + ns;
  }

  take(): number {
    if (this.rings === undefined || this.rings > this.time) return 0;
    this.rings = undefined;
    return 1;
  }
}
