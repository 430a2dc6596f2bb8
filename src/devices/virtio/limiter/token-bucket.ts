import type { TokenBucketConfig } from "../../../config/devices.ts";

const NS_PER_MS = 1e6;

/**
 * A budget of tokens (bytes, or operations) that refills over time, by Firecracker's rules: full at the start, and beside
 * it a burst that is spent first and never comes back.
 *
 * What is in it is kept as the nanoseconds it took to drip in, so that refilling is a sum of whole numbers, and waiting
 * just as long as `waitNs` says is always enough.
 */
export class TokenBucket {
  /** Nanoseconds until it is full from empty, and until a token has dripped in. */
  readonly #size: number;
  readonly #token: number;
  /** Below 0 after a request bigger than the bucket: what it took too much is paid back by waiting. */
  #level: number;
  /** When that was the level. */
  #at: number;
  /** In tokens. */
  #burst: number;

  /** @param now the time, in nanoseconds of any one clock */
  constructor({ size, one_time_burst, refill_time }: TokenBucketConfig, now: number) {
    this.#size = refill_time * NS_PER_MS;
    this.#token = this.#size / size;
    this.#level = this.#size;
    this.#at = now;
    this.#burst = one_time_burst;
  }

  /** Takes tokens, after `waitNs` said 0. */
  spend(tokens: number): void {
    const fromBurst = Math.min(this.#burst, tokens);
    this.#burst -= fromBurst;
    this.#level -= (tokens - fromBurst) * this.#token;
  }

  /** Puts tokens back that bought nothing. Those of a burst come back as plain ones, as far as there is room. */
  giveBack(tokens: number): void {
    this.#level = Math.min(this.#size, this.#level + tokens * this.#token);
  }

  /**
   * Nanoseconds until there are so many tokens, if nobody else takes any: 0 when there are now. A request that is bigger
   * than the bucket waits for a full one, and takes what is not there yet.
   */
  waitNs(tokens: number, now: number): number {
    if (tokens <= this.#burst) return 0;
    this.#refill(now);
    const cost = Math.min((tokens - this.#burst) * this.#token, this.#size);
    return Math.max(0, Math.ceil(cost - this.#level));
  }

  /** Nanoseconds until it is full: time beyond that is lost. */
  fullNs(now: number): number {
    this.#refill(now);
    return this.#size - this.#level;
  }

  #refill(now: number): void {
    this.#level = Math.min(this.#size, this.#level + now - this.#at);
    this.#at = now;
  }
}
