/** What a driver can get wrong about a queue. The texts are what the log says. */

/** Queues that can't be used at all: found when the driver says DRIVER_OK. */
export type SetupFault =
  | "the size is no power of two"
  | "the size is over the maximum"
  | "a ring is misaligned"
  | "a ring is not in one piece of RAM"
  | "rings overlap";

/** A ring whose state makes no sense: nothing can be reported on it any more, the device needs a reset. */
export type RingFault =
  /** By more than the queue is long, or backwards, which looks the same. */
  | "the available index jumped"
  | "a head is no descriptor"
  /** Its buffers are already the device's. */
  | "a head was made available twice";

/** A descriptor chain the device can't use. Its head goes back on the used ring, and the queue goes on. */
export type ChainFault =
  | "a next field is no descriptor"
  /** Or it loops. */
  | "a chain is longer than the queue"
  | "a descriptor is indirect"
  | "a buffer is not in RAM"
  | "a readable buffer comes after a writable one"
  | "a chain has 2^32 bytes or more";
