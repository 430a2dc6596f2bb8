/** Configuration space of the network device (virtio 1.2, section 5.1.4): 12 bytes, none for the driver to write. */
import type { NetworkInterfaceConfig } from "../../../config/devices.ts";

export const ConfigOffset = { MAC: 0, STATUS: 6, MAX_VIRTQUEUE_PAIRS: 8, MTU: 10 } as const;
const CONFIG_BYTES = 12;

const VIRTIO_NET_S_LINK_UP = 1;

/** The space at the start. Fields whose feature is not offered are 0, and mean nothing. */
export function configSpace({ guest_mac, mtu = 0, queue_pairs }: NetworkInterfaceConfig): Uint8Array {
  const bytes = new Uint8Array(CONFIG_BYTES);
  const view = new DataView(bytes.buffer);
  if (guest_mac !== undefined) bytes.set(macBytes(guest_mac), ConfigOffset.MAC);
  bytes.set(linkStatus(true), ConfigOffset.STATUS);
  view.setUint16(ConfigOffset.MAX_VIRTQUEUE_PAIRS, queue_pairs, true);
  view.setUint16(ConfigOffset.MTU, mtu, true);
  return bytes;
}

/** The two bytes of `status`. */
export function linkStatus(isUp: boolean): Uint8Array {
  return Uint8Array.of(isUp ? VIRTIO_NET_S_LINK_UP : 0, 0);
}

function macBytes(text: string): number[] {
  return text.split(":").map((byte) => Number.parseInt(byte, 16));
}
