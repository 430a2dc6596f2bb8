import type { DescriptorChain } from "./chain.ts";
import type { Queue } from "./queue.ts";

/**
 * Serves a queue whose requests are done at once.
 * @param most chains to serve in this turn: a driver that adds more all the time must not starve other devices
 * @param serve does one request, and says how many bytes it wrote into the writable parts
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
    if (queue.next(chain)) queue.complete(chain.head, serve(chain));
    else if (!queue.resumeNotifications()) return false;
  }
  return true;
}
