import type { RateLimiterConfig, TokenBucketConfig } from "../../../config/devices.ts";
import { TokenBucket } from "./token-bucket.ts";

/**
 * What wakes a throttled device costs more than a request. So it sleeps this long at least, and then does all that
 * became allowed meanwhile; less where a bucket is full before, and time would be lost.
 */
const LEAST_WAIT_NS = 1e6;

/** Limits a device to so many bytes and so many operations over time, each without a limit where its bucket is missing. */
export class RateLimiter {
  #bandwidth: TokenBucket | undefined;
  #ops: TokenBucket | undefined;
  #limits: RateLimiterConfig = {};
  readonly #now: () => number;

  /** @param now the monotonic clock, in nanoseconds */
  constructor(limits: RateLimiterConfig, now: () => number) {
    this.#now = now;
    this.update(limits);
  }

  /** Those that are in force. */
  get limits(): RateLimiterConfig {
    return this.#limits;
  }

  /**
   * Takes what a request needs: all of it or nothing. Allocates nothing.
   * @returns 0 when it may go ahead, or after how many nanoseconds to try again
   */
  take(bytes: number, ops: number): number {
    const bandwidth = this.#bandwidth;
    const operations = this.#ops;
    if (!bandwidth && !operations) return 0;
    const now = this.#now();
    const wait = Math.max(bandwidth?.waitNs(bytes, now) ?? 0, operations?.waitNs(ops, now) ?? 0);
    if (wait > 0) return Math.max(wait, Math.min(LEAST_WAIT_NS, this.#fullNs(now)));
    bandwidth?.spend(bytes);
    operations?.spend(ops);
    return 0;
  }

  /** Undoes a `take` whose request could not be started after all. */
  giveBack(bytes: number, ops: number): void {
    this.#bandwidth?.giveBack(bytes);
    this.#ops?.giveBack(ops);
  }

  /** New limits for a running device: a bucket that is given replaces the old one and is full, the other stays. */
  update(limits: RateLimiterConfig): void {
    const { bandwidth, ops } = limits;
    const now = this.#now();
    if (bandwidth) this.#bandwidth = bucket(bandwidth, now);
    if (ops) this.#ops = bucket(ops, now);
    const given = { ...this.#limits, ...limits };
    this.#limits = {
      ...(this.#bandwidth ? { bandwidth: given.bandwidth } : {}),
      ...(this.#ops ? { ops: given.ops } : {}),
    };
  }

  /** Until the first bucket is full. */
  #fullNs(now: number): number {
    const never = Number.POSITIVE_INFINITY;
    return Math.min(this.#bandwidth?.fullNs(now) ?? never, this.#ops?.fullNs(now) ?? never);
  }
}

/** Size 0, or no time to refill, is how a limit is taken away. */
function bucket(config: TokenBucketConfig, now: number): TokenBucket | undefined {
  return config.size === 0 || config.refill_time === 0 ? undefined : new TokenBucket(config, now);
}
