/** poll(2) on one descriptor. */
import { layout, u16, u32 } from "./abi.ts";
import { libc } from "./libc.ts";

export const POLLFD = layout("struct pollfd", "poll.h", 8, { fd: u32(0), events: u16(4), revents: u16(6) });

export const POLL = { IN: 0x001, OUT: 0x004, ERR: 0x008, HUP: 0x010 } as const;

const pollfd = new Int16Array(POLLFD.size / 2);
const pollfdWords = new Int32Array(pollfd.buffer);

/**
 * Whether `events` (or an error, which a read or write will then report) are there now, or within some milliseconds. A
 * signal ends the wait early.
 */
export function isReady(fd: number, events: number, waitMs = 0): boolean {
  pollfdWords[0] = fd;
  pollfd[2] = events;
  pollfd[3] = 0;
  return libc.poll(pollfd, 1, waitMs) > 0;
}
