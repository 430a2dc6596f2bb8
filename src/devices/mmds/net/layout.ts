/** Where fields are in a frame: Ethernet (no tag), then ARP (RFC 826) or IPv4 (RFC 791) and TCP (RFC 9293). In bytes. */

export const Ethernet = { DESTINATION: 0, SOURCE: 6, TYPE: 12, BYTES: 14 } as const;
export const EtherType = { IPV4: 0x0800, ARP: 0x0806 } as const;
export const MAC_BYTES = 6;

/** From the frame's beginning. */
export const Arp = {
  HARDWARE: 14,
  PROTOCOL: 16,
  SIZES: 18,
  OPERATION: 20,
  SENDER_MAC: 22,
  SENDER_IP: 28,
  TARGET_MAC: 32,
  TARGET_IP: 38,
  END: 42,
} as const;
export const ARP_ETHERNET = 1;
/** Bytes of the two kinds of addresses. */
export const ARP_SIZES = 0x0604;
export const ArpOperation = { REQUEST: 1, REPLY: 2 } as const;

/** From the frame's beginning. */
export const Ipv4 = {
  VERSION_AND_LENGTH: 14,
  TOTAL_LENGTH: 16,
  FRAGMENT: 20,
  TTL: 22,
  PROTOCOL: 23,
  CHECKSUM: 24,
  SOURCE: 26,
  DESTINATION: 30,
  MIN_BYTES: 20,
} as const;
export const IP_PROTOCOL_TCP = 6;
/** All bits of FRAGMENT but "don't fragment": more of them, or not the first. */
export const IS_FRAGMENT = 0xbfff;
export const DONT_FRAGMENT = 0x4000;

/** From the segment's beginning. */
export const Tcp = {
  SOURCE: 0,
  DESTINATION: 2,
  SEQUENCE: 4,
  ACKNOWLEDGMENT: 8,
  OFFSET: 12,
  FLAGS: 13,
  WINDOW: 14,
  CHECKSUM: 16,
  MIN_BYTES: 20,
} as const;
export const Flag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16 } as const;
export const TcpOption = { END: 0, NOP: 1, MSS: 2 } as const;
export const MSS_OPTION_BYTES = 4;
