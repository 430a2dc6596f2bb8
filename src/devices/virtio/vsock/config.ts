/** Configuration space (virtio 1.2, 5.10.4): the guest's CID, 64 bits of which the upper half is 0. */
export function vsockConfig(guestCid: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(0, guestCid, true);
  return bytes;
}
