/** From the registers' contents to queues: the one check before a device works with them. */
import type { GuestMemory } from "../../memory/guest.ts";
import { hasFeature, VIRTIO_F_EVENT_IDX } from "./features.ts";
import { Queue, type QueueCounters } from "./queue/queue.ts";
import { mapRings, overlap, type Rings } from "./queue/rings.ts";
import type { QueueSettings } from "./queue/settings.ts";

/**
 * @returns a queue for each setting; undefined for those the driver left out
 * @throws Error with the SetupFault
 */
export function activateQueues(
  memory: GuestMemory,
  settings: readonly QueueSettings[],
  features: bigint,
  counters: QueueCounters,
): (Queue | undefined)[] {
  const rings = settings.map((queue, index) => (queue.isReady ? checkedRings(memory, queue, index) : undefined));
  // Rings that share memory harm only the guest; refused because no driver means it.
  if (overlap(rings.flatMap((ring) => ring?.ranges ?? []))) throw new Error("rings overlap");
  const eventIndex = hasFeature(features, VIRTIO_F_EVENT_IDX);
  return rings.map((ring) => ring && new Queue(memory, ring, eventIndex, counters));
}

function checkedRings(memory: GuestMemory, settings: QueueSettings, index: number): Rings {
  const rings = mapRings(memory, settings);
  if (typeof rings === "string") throw new Error(`queue ${index}: ${rings}`);
  return rings;
}
