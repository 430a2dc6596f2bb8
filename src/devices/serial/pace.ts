/**
 * What stands in for the baud rate: bursts, and rests between them.
 *
 * Linux's driver stays in its interrupt handler while data is ready or THR is empty, at one or two exits a byte. With an
 * endless supply it would stay for good: for input, its deferred work would never run, which hands the bytes on and
 * throttles us, and a long paste would overflow the terminal's buffer; for output, with another vCPU refilling the
 * driver's buffer, the handler's vCPU would do nothing else (Linux then reports a soft lockup). A real chip's wire is so
 * slow that a driver waits for it all the time. Ours rests, after so many bytes, long enough for the kernel to go on.
 */

/** Input: what one pass of that handler reads. */
export const RX_BURST_BYTES = 256;
/** Output: that driver's buffer, after which the handler returns by itself where there is one vCPU. */
export const TX_BURST_BYTES = 4096;

const REST_MS = 1;

/** A rest, on a clock in milliseconds that never goes back. */
export class Rest {
  #until = -Infinity;

  begin(now: number): void {
    this.#until = now + REST_MS;
  }

  /** Milliseconds that are left of it; 0 when it is over. */
  left(now: number): number {
    return Math.max(0, this.#until - now);
  }
}
