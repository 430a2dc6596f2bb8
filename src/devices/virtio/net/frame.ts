/** A frame as it crosses queues and TAP: `virtio_net_hdr` (virtio 1.2, section 5.1.6), then Ethernet. */

/** Bytes of the header, for every driver that knows the standard: `num_buffers` is always there. */
export const HEADER_BYTES = 12;
/** In its first byte: the checksum of TCP or UDP is the device's to fill in. */
export const VIRTIO_NET_HDR_F_NEEDS_CSUM = 1;
/** Where in it `num_buffers` is, 16 bits. The TAP leaves it to us. */
export const NUM_BUFFERS_OFFSET = 10;
/** Two addresses and a type. */
const ETHERNET_HEADER_BYTES = 14;
const VLAN_TAG_BYTES = 4;
/** The longest IP packet, segmented or not. */
const MAX_PACKET_BYTES = 65_535;

export const MIN_FRAME_BYTES = HEADER_BYTES + ETHERNET_HEADER_BYTES;
export const MAX_FRAME_BYTES = MIN_FRAME_BYTES + VLAN_TAG_BYTES + MAX_PACKET_BYTES;
/** A frame of the usual MTU: what a driver gives room for that takes no larger ones. */
export const PLAIN_FRAME_BYTES = MIN_FRAME_BYTES + VLAN_TAG_BYTES + 1500;
