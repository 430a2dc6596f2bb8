import type { DescriptorChain } from "./chain.ts";
import type { Queue } from "./queue.ts";

/** What `serve` says of a request that can't be done now: it stays in the queue. */
export const LATER = -1;

/**
 * Serves a queue whose requests are done at once.
 * @param most chains to serve in this turn: a driver that adds more all the time must not starve other devices
 * @param serve does one request, and says how many bytes it wrote into the writable parts; or LATER, and then the
 *   device itself knows when to come back: kicks are not asked for
 * @returns whether there is more: come back without a kick
 */
export function serveQueue(
  queue: Queue,
  chain: DescriptorChain,
  most: number,
  serve: (chain: DescriptorChain) => number,
): boolean {
  queue.suspendNotifications();
  for (let turn = 0; turn < most; turn++) {
    if (queue.next(chain)) {
      const written = serve(chain);
      if (written === LATER) {
        queue.putBack(chain.head);
        return false;
      }
      queue.complete(chain.head, written);
    } else if (!queue.resumeNotifications()) return false;
  }
  return true;
}
