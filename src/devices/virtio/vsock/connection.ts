import type { Backlog } from "./backlog.ts";
import { Credit } from "./credit.ts";

/** How far a connection has come. */
export const Phase = {
  /** A program of the host's came, and has not said yet which port it wants. */
  GREETING: 0,
  /** It has said so, the guest has not answered. */
  REQUESTED: 1,
  ESTABLISHED: 2,
  /** For the guest it is over, or will be with the reset that waits for it. The host may still have bytes to take. */
  OVER: 3,
} as const;

/** What waits to be told to the guest: a set of bits, so that what is said twice is kept once. */
export const Pending = { RST: 1, REQUEST: 2, RESPONSE: 4, SHUTDOWN: 8, CREDIT_UPDATE: 16, CREDIT_REQUEST: 32 } as const;

/** One connection between a program of the guest's and a program of the host's at a Unix socket. Only data. */
export class Connection {
  /** Its place among the connections, and its number in their epoll. */
  readonly slot: number;
  phase: (typeof Phase)[keyof typeof Phase] = Phase.GREETING;
  /** What the guest calls it by. */
  hostPort = 0;
  guestPort = 0;
  /** Of Pending. */
  pending = 0;
  readonly credit = new Credit();

  /** The Unix socket, -1 once it is closed. */
  socket: number;
  /**
   * What epoll said of it, which says so once (edge-triggered): there may be something to read, the program sends no more,
   * the program does neither.
   */
  isReadable = false;
  isEnded = false;
  isHungUp = false;
  /** Which directions volt has shut. */
  isReadShut = false;
  isWriteShut = false;
  /** Bytes for it that it had no room for. */
  backlog: Backlog | undefined;

  /** What each side will not do any more, of Shutdown; and what of it the guest was told about its host. */
  guestShutdown = 0;
  hostShutdown = 0;
  toldShutdown = 0;
  /** When it is reset if nothing happened until then, in milliseconds of the monotonic clock. */
  deadline = Number.POSITIVE_INFINITY;

  constructor(slot: number, socket: number) {
    this.slot = slot;
    this.socket = socket;
  }

  /** Whether there may be something of it for the guest, and the guest has credit. */
  get hasNews(): boolean {
    if (this.pending !== 0) return true;
    if (this.phase !== Phase.ESTABLISHED) return false;
    return this.credit.isDue || (this.isReadable && this.credit.available > 0);
  }
}
