import { TimerFd } from "../../../../ffi/timerfd.ts";
import type { Connection } from "./connection.ts";

/** A host's program has this long to say which port it wants: a person may be typing it. */
export const GREETING_MS = 60_000;
/** A guest has this long to answer a request. Firecracker's number. */
export const REQUEST_MS = 2000;
/** A guest has this long to let go of a connection whose host is done with it: what Linux gives its own. */
export const CLOSE_MS = 8000;

/** When connections are reset. They are few, and most end before: one timer for the first one is enough. */
export class Deadlines {
  readonly timer = TimerFd.create("a vsock deadline");
  readonly #slots: readonly (Connection | undefined)[];
  readonly #now: () => number;
  #next = Number.POSITIVE_INFINITY;

  /** @param now milliseconds of a monotonic clock */
  constructor(slots: readonly (Connection | undefined)[], now: () => number) {
    this.#slots = slots;
    this.#now = now;
  }

  set(connection: Connection, ms: number): void {
    connection.deadline = this.#now() + ms;
    if (connection.deadline < this.#next) this.#wakeAt(connection.deadline);
  }

  clear(connection: Connection): void {
    connection.deadline = Number.POSITIVE_INFINITY;
  }

  /** Calls `late` for each connection whose time is over. */
  check(late: (connection: Connection) => void): void {
    if (this.#next === Number.POSITIVE_INFINITY || this.#now() < this.#next) return;
    this.timer.take();
    const now = this.#now();
    this.#next = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const connection of this.#slots) {
      if (!connection) continue;
      if (connection.deadline <= now) {
        this.clear(connection);
        late(connection);
      }
      next = Math.min(next, connection.deadline);
    }
    if (next < this.#next) this.#wakeAt(next);
  }

  #wakeAt(ms: number): void {
    this.#next = ms;
    this.timer.setOnce((ms - this.#now()) * 1e6);
  }
}
