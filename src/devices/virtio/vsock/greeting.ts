/** What a program says first on a Unix socket of the host's, Firecracker's convention: `CONNECT PORT\n`. */
import { isForLater } from "../../../../ffi/error.ts";
import { peekBytes, receiveBytes } from "../../../../ffi/socket.ts";

/** The line's length, its end included. */
const MOST_BYTES = 32;
const GREETING = /^connect +(\d{1,10})\s*\n/i;
const MOST_PORT = 2 ** 32 - 1;

/** The line has not come in full. */
export const INCOMPLETE = -1;
/** It is none, and nothing that comes can make it one. */
export const WRONG = -2;

const line = Buffer.alloc(MOST_BYTES);

/**
 * Takes the line, and not a byte behind it: that is data, and stays in the socket.
 * @param isEnded the program sends no more
 * @returns the guest's port, INCOMPLETE or WRONG
 */
export function takeGreeting(socket: number, isEnded: boolean): number {
  const length = peekBytes(socket, line);
  if (length < 0) return isForLater(length) ? INCOMPLETE : WRONG;
  const end = line.subarray(0, length).indexOf("\n") + 1;
  if (end === 0) return isEnded || length === 0 || length === MOST_BYTES ? WRONG : INCOMPLETE;
  const port = Number(GREETING.exec(line.toString("latin1", 0, end))?.[1] ?? Number.NaN);
  if (!(port <= MOST_PORT) || receiveBytes(socket, line, end) !== end) return WRONG;
  return port;
}
