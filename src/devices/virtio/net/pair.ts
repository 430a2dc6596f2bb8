/** A receive and a transmit queue and the host's end of both: by volt itself on a TAP, or by the host's kernel. */
import type { EventSource, VirtioContext } from "../device.ts";
import type { Throttle } from "../limiter/throttle.ts";
import type { NetCounters } from "./counters.ts";
import type { MmdsPort } from "./mmds-port.ts";

export interface QueuePair {
  readonly sources: readonly EventSource[];
  /** Whether somebody may touch guest memory outside a turn. */
  readonly isBusy: boolean;
  /**
   * @param pair which it is: its queues are 2 * pair and the next (virtio 1.2, section 5.1.2)
   * @throws Error when it can't work with what the driver set up
   */
  start(context: VirtioContext, pair: number): void;
  /** The driver has packets. */
  transmit(): void;
  /** The driver gave buffers. */
  receive(): void;
  /**
   * The driver uses fewer pairs for now. Nothing of guest memory is used until the next `start`, which goes on with the
   * queues as they are: buffers that were taken from them are given but once.
   */
  rest(): void;
  /** The driver is gone, and its queues with it: nothing of guest memory is used after this. Also of a pair at rest. */
  stop(): void;
}

/** What the pairs of a device share. */
export interface PairServices {
  readonly counters: NetCounters;
  /** Limits of packets for the guest, and of the guest's. */
  readonly rxThrottle: Throttle;
  readonly txThrottle: Throttle;
  /** To be called when the TAP turns out to be deleted. */
  readonly gone: () => void;
  /** The metadata service, where the guest reaches it by this interface. */
  readonly mmds: MmdsPort | undefined;
}
