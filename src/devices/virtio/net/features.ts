/** Feature bits of the network device (virtio 1.2, section 5.1.3), and what they mean to a TAP. */
import { TUN_F } from "../../../../ffi/tap.ts";
import type { NetworkInterfaceConfig } from "../../../config/devices.ts";
import { COMMON_FEATURES, featureSet, hasFeature } from "../features.ts";

export const VIRTIO_NET_F_CSUM = 0;
export const VIRTIO_NET_F_GUEST_CSUM = 1;
export const VIRTIO_NET_F_MTU = 3;
export const VIRTIO_NET_F_MAC = 5;
export const VIRTIO_NET_F_GUEST_TSO4 = 7;
export const VIRTIO_NET_F_GUEST_TSO6 = 8;
export const VIRTIO_NET_F_GUEST_ECN = 9;
export const VIRTIO_NET_F_HOST_TSO4 = 11;
export const VIRTIO_NET_F_HOST_TSO6 = 12;
export const VIRTIO_NET_F_HOST_ECN = 13;
export const VIRTIO_NET_F_MRG_RXBUF = 15;
export const VIRTIO_NET_F_STATUS = 16;
export const VIRTIO_NET_F_CTRL_VQ = 17;
export const VIRTIO_NET_F_MQ = 22;

/**
 * Checksums and segmentation left to the other side, both ways: a TAP can do all of it. UDP fragmentation (UFO) is out:
 * Linux gave it up.
 */
const ALWAYS = featureSet(
  VIRTIO_NET_F_CSUM,
  VIRTIO_NET_F_GUEST_CSUM,
  VIRTIO_NET_F_GUEST_TSO4,
  VIRTIO_NET_F_GUEST_TSO6,
  VIRTIO_NET_F_GUEST_ECN,
  VIRTIO_NET_F_HOST_TSO4,
  VIRTIO_NET_F_HOST_TSO6,
  VIRTIO_NET_F_HOST_ECN,
  VIRTIO_NET_F_MRG_RXBUF,
  VIRTIO_NET_F_STATUS,
);

/** What a network interface of this configuration offers. */
export function offeredFeatures({ guest_mac, mtu, queue_pairs }: NetworkInterfaceConfig): bigint {
  let features = COMMON_FEATURES | ALWAYS;
  if (guest_mac !== undefined) features |= featureSet(VIRTIO_NET_F_MAC);
  if (mtu !== undefined) features |= featureSet(VIRTIO_NET_F_MTU);
  if (queue_pairs > 1) features |= featureSet(VIRTIO_NET_F_CTRL_VQ, VIRTIO_NET_F_MQ);
  return features;
}

/** Which frames the host may hand to a driver with these features, as TUNSETOFFLOAD takes it. */
export function tapOffload(features: bigint): number {
  // Without it a driver knows nothing of the rest (5.1.3.1); the TAP refuses them alone.
  if (!hasFeature(features, VIRTIO_NET_F_GUEST_CSUM)) return 0;
  const flag = (bit: number, value: number): number => (hasFeature(features, bit) ? value : 0);
  const segments = flag(VIRTIO_NET_F_GUEST_TSO4, TUN_F.TSO4) | flag(VIRTIO_NET_F_GUEST_TSO6, TUN_F.TSO6);
  const ecn = segments === 0 ? 0 : flag(VIRTIO_NET_F_GUEST_ECN, TUN_F.TSO_ECN);
  return TUN_F.CSUM | segments | ecn;
}

/** Whether a driver may be handed frames of up to 64 KiB, to be cut into segments by nobody. */
export function takesLargeFrames(features: bigint): boolean {
  return (tapOffload(features) & (TUN_F.TSO4 | TUN_F.TSO6)) !== 0;
}
