/** The split virtqueue in memory (virtio 1.2, section 2.7), little-endian throughout. */

/** Most entries of a queue here. The specification allows 32768. */
export const MAX_QUEUE_SIZE = 256;

/** The descriptor table (2.7.5): 16 bytes each, as four 32-bit words. */
export const Descriptor = {
  BYTES: 16,
  WORDS: 4,
  ADDRESS_LOW: 0,
  ADDRESS_HIGH: 1,
  LENGTH: 2,
  /** Flags in the low half, the next descriptor in the high half. */
  FLAGS_NEXT: 3,
} as const;

/** Flags of a descriptor. */
export const VIRTQ_DESC_F_NEXT = 1;
export const VIRTQ_DESC_F_WRITE = 2;
export const VIRTQ_DESC_F_INDIRECT = 4;

/** The available ring (2.7.6), as 16-bit words: flags, idx, `size` heads, used_event. */
export const Avail = { FLAGS: 0, IDX: 1, RING: 2 } as const;
export const VIRTQ_AVAIL_F_NO_INTERRUPT = 1;

/** The used ring (2.7.8), as 16-bit words: flags, idx, `size` elements of four, avail_event. */
export const Used = { FLAGS: 0, IDX: 1 } as const;
export const VIRTQ_USED_F_NO_NOTIFY = 1;
/** The used ring as 32-bit words: the first element, and what is in one. */
export const UsedElement = { FIRST: 1, WORDS: 2, ID: 0, LENGTH: 1 } as const;

/** Bytes and alignment of the three parts (2.7). The event fields at the ends of the rings are always there. */
export const descriptorTableBytes = (size: number): number => Descriptor.BYTES * size;
export const availBytes = (size: number): number => 6 + 2 * size;
export const usedBytes = (size: number): number => 6 + 8 * size;
export const ALIGNMENT = { descriptorTable: 16, avail: 2, used: 4 } as const;

/** Where `used_event` is among the available ring's 16-bit words, `avail_event` among the used ring's. */
export const usedEventIndex = (size: number): number => Avail.RING + size;
export const availEventIndex = (size: number): number => 2 + 4 * size;
