/** Feature bits that belong to no particular device (virtio 1.2, section 6), and sets of them. */

/** The driver writes `used_event`, the device `avail_event`: far fewer interrupts and kicks (2.7.7, 2.7.10). */
export const VIRTIO_F_EVENT_IDX = 29;
/** The driver knows the standard, not only what came before it. */
export const VIRTIO_F_VERSION_1 = 32;

/**
 * What every volt device offers. Neither indirect descriptors nor packed rings: each is one more format a hostile driver
 * may write nonsense in, and a queue of 256 is deep enough without.
 */
export const COMMON_FEATURES = featureSet(VIRTIO_F_VERSION_1, VIRTIO_F_EVENT_IDX);

/** The 64-bit set that has these bits. */
export function featureSet(...bits: readonly number[]): bigint {
  return bits.reduce((set, bit) => set | (1n << BigInt(bit)), 0n);
}

export function hasFeature(set: bigint, bit: number): boolean {
  return ((set >> BigInt(bit)) & 1n) === 1n;
}
