import { monotonicNs } from "../../../../ffi/clock.ts";
import { TimerFd } from "../../../../ffi/timerfd.ts";
import type { RateLimiterConfig } from "../../../config/devices.ts";
import type { EventSource } from "../device.ts";
import { RateLimiter } from "./rate-limiter.ts";

/** Wakes the I/O thread later: a `TimerFd`, or a test's. */
export interface Alarm {
  readonly fd: number;
  /** Rings once, `ns` from now (0: at once), whatever it was set to before. */
  setOnce(ns: number): void;
  /** @returns how often it rang since the last call */
  take(): number;
}

export interface ThrottleCounters {
  /** How often the device began to wait, and how often it was called back. */
  throttles: number;
  refills: number;
}

export interface ThrottleOptions {
  /** Undefined: there are none and never will be. Empty: there are none yet, `update` can bring some. */
  readonly limits: RateLimiterConfig | undefined;
  readonly counters: ThrottleCounters;
  /** Goes on with what was refused. @returns whether there is more than one turn should take */
  readonly resume: () => boolean;
  /** For tests. */
  readonly alarm?: Alarm;
  readonly now?: () => number;
}

/**
 * Holds a device to its limits. The device asks before each request; refused, it leaves the request in its queue and
 * returns. The main loop's epoll calls it back when the budget is there; until then no thread turns.
 *
 * It outlives drivers: a guest gets no new budget by resetting its device.
 */
export class Throttle {
  /** For the device's own `sources`. */
  readonly sources: readonly EventSource[];
  /** Requests it let start so far: tells a device whether one of its queues just had some of the budget. */
  admitted = 0;
  readonly #limiter: RateLimiter;
  readonly #alarm: Alarm | undefined;
  readonly #counters: ThrottleCounters;
  readonly #resume: () => boolean;
  #isWaiting = false;

  constructor({ limits, counters, resume, now = monotonicNs, ...options }: ThrottleOptions) {
    this.#limiter = new RateLimiter(limits ?? {}, now);
    this.#counters = counters;
    this.#resume = resume;
    this.#alarm = limits && (options.alarm ?? TimerFd.create("a rate limiter"));
    this.sources = this.#alarm ? [{ fd: this.#alarm.fd, ready: () => this.#wake() }] : [];
  }

  /** As they are now: without a bucket that is no limit. */
  get limits(): RateLimiterConfig {
    return this.#limiter.limits;
  }

  /** Whether a request may start now, and if so takes it off the budget. While the device waits the answer is no. */
  admit(bytes: number, ops = 1): boolean {
    if (this.#isWaiting) return false;
    const wait = this.#limiter.take(bytes, ops);
    if (wait === 0) {
      this.admitted++;
      return true;
    }
    this.#isWaiting = true;
    this.#counters.throttles++;
    this.#alarm?.setOnce(wait);
    return false;
  }

  /** The request that was admitted could not be started. */
  giveBack(bytes: number, ops = 1): void {
    this.#limiter.giveBack(bytes, ops);
  }

  /** New limits; a bucket that is not given stays as it is, one of size 0 goes. What waits is tried again at once. */
  update(limits: RateLimiterConfig): void {
    if (!this.#alarm) throw new Error("this device was made without a rate limiter");
    this.#limiter.update(limits);
    if (this.#isWaiting) this.#alarm.setOnce(0);
  }

  #wake(): void {
    if (this.#alarm?.take() === 0) return;
    this.#isWaiting = false;
    this.#counters.refills++;
    // The others have their turn before the next of this device: epoll tells of the alarm again.
    if (this.#resume() && !this.#isWaiting) this.#alarm?.setOnce(0);
  }
}
