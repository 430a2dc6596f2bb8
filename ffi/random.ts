/** The kernel's random numbers: getrandom(2). */
import { Errno } from "./error.ts";
import { libc } from "./libc.ts";

const GRND_NONBLOCK = 1;

/**
 * Fills memory at `address` with random bytes. Never waits: a host so early in its boot that it has none gives none.
 * The caller vouches for the range.
 * @returns bytes filled; fewer than `length` only where the kernel gives no more
 */
export function fillRandom(address: number, length: number): number {
  let done = 0;
  while (done < length) {
    const n = libc.getrandom(address + done, length - done, GRND_NONBLOCK);
    if (n > 0) done += n;
    else if (n !== -Errno.EINTR) break;
  }
  return done;
}
