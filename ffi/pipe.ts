/** How full a pipe is. */
import { libc } from "./libc.ts";

const FIONREAD = 0x541b;
const F_GETFL = 3;
const F_GETPIPE_SZ = 1032;

/** All that is asked of the kernel here, and by `Fd.isNonBlocking`. */
export const PIPE_REQUESTS = { FIONREAD } as const;
export const PIPE_OPERATIONS = { F_GETFL, F_GETPIPE_SZ } as const;

/** What a pipe that poll(2) calls writable takes as a whole (pipe(7)). */
export const PIPE_BUF = 4096;
/** A pipe's buffers are pages. */
const PAGE_BYTES = 4096;

const queued = new Int32Array(1);

/** Bytes a pipe or FIFO can ever hold. */
export function pipeCapacity(fd: number): number {
  return Math.max(libc.fcntl(fd, F_GETPIPE_SZ, 0), 0);
}

/**
 * Bytes that surely fit into a pipe now, as a whole. A write's last bytes go to the page that was begun only where they fit
 * there, so pages may be half empty: any two neighbours hold more than one page's bytes, and no more can be known.
 */
export function pipeRoom(fd: number): number {
  if (libc.ioctl(fd, FIONREAD, queued) !== 0) return 0;
  const pages = Math.floor(pipeCapacity(fd) / PAGE_BYTES);
  // And one more at either end: what is being read, and what was begun.
  const used = queued[0] === 0 ? 0 : Math.floor((2 * queued[0]!) / PAGE_BYTES) + 2;
  return Math.max(pages - used, 0) * PAGE_BYTES;
}
