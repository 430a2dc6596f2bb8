/** Hears the kicks of a queue that most drivers have the host's kernel serve, for the driver that has volt serve it. */
import { EPOLL, Epoll } from "../../../../ffi/epoll.ts";
import { EventFd } from "../../../../ffi/eventfd.ts";
import type { EventSource } from "../device.ts";

const TOKEN = 0;

/**
 * The main loop leaves the device's `kernelQueues` alone, whatever the driver agreed to: it would wake for each of their
 * kicks besides the kernel. What one driver has otherwise is in an epoll of the device's own, from `start` to `stop`.
 */
export class KickWatch {
  readonly sources: readonly EventSource[];
  readonly #epoll = new Epoll("a queue's kicks");
  #kick: EventFd | undefined;

  /** @param kicked looks at the queue; the driver may have kicked it */
  constructor(kicked: () => void) {
    const ready = (): void => {
      if (this.#kick?.take()) kicked();
    };
    this.sources = [{ fd: this.#epoll.number, ready }];
  }

  /** @param kick the eventfd of the queue */
  start(kick: number): void {
    this.#kick = EventFd.attach(kick, "a kick");
    this.#epoll.add(kick, EPOLL.IN, TOKEN);
  }

  stop(): void {
    if (this.#kick) this.#epoll.remove(this.#kick.number);
    this.#kick = undefined;
  }
}
