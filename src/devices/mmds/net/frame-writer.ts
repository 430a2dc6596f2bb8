import { checksumOf, sumWords } from "./checksum.ts";
import {
  ARP_ETHERNET,
  ARP_SIZES,
  Arp,
  ArpOperation,
  DONT_FRAGMENT,
  Ethernet,
  EtherType,
  IP_PROTOCOL_TCP,
  Ipv4,
  MAC_BYTES,
  MSS_OPTION_BYTES,
  Tcp,
  TcpOption,
} from "./layout.ts";
import { pseudoHeader } from "./segment.ts";

const TTL = 64;
const TCP_START = Ethernet.BYTES + Ipv4.MIN_BYTES;
export const HEADERS_BYTES = TCP_START + Tcp.MIN_BYTES;

/** The other end of a connection. */
export interface Peer {
  readonly mac: Uint8Array;
  readonly ip: number;
  readonly port: number;
}

/** What a segment's header says. */
export interface SegmentHeader {
  readonly sourcePort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  readonly window: number;
  /** Said with a SYN. */
  readonly mss?: number;
}

/** Writes the service's frames, with whole checksums: every driver takes them. */
export class FrameWriter {
  readonly #frame: Uint8Array;
  readonly #view: DataView;
  readonly #mac: Uint8Array;
  readonly #ip: number;

  /** @param frame where they go; @param mac and @param ip whose they are */
  constructor(frame: Uint8Array, mac: Uint8Array, ip: number) {
    this.#frame = frame;
    this.#view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    this.#mac = mac;
    this.#ip = ip;
  }

  /** "The address is mine." @returns the frame's bytes */
  arpReply(mac: Uint8Array, ip: number): number {
    const view = this.#view;
    this.#ethernet(mac, EtherType.ARP);
    view.setUint16(Arp.HARDWARE, ARP_ETHERNET);
    view.setUint16(Arp.PROTOCOL, EtherType.IPV4);
    view.setUint16(Arp.SIZES, ARP_SIZES);
    view.setUint16(Arp.OPERATION, ArpOperation.REPLY);
    this.#frame.set(this.#mac, Arp.SENDER_MAC);
    view.setUint32(Arp.SENDER_IP, this.#ip);
    this.#frame.set(mac, Arp.TARGET_MAC);
    view.setUint32(Arp.TARGET_IP, ip);
    return Arp.END;
  }

  /** @returns the frame's bytes */
  segment(peer: Peer, header: SegmentHeader, payload?: Uint8Array): number {
    const view = this.#view;
    const options = header.mss === undefined ? 0 : MSS_OPTION_BYTES;
    const tcpBytes = Tcp.MIN_BYTES + options + (payload?.length ?? 0);
    this.#ethernet(peer.mac, EtherType.IPV4);
    this.#ipv4(peer.ip, tcpBytes);
    view.setUint16(TCP_START + Tcp.SOURCE, header.sourcePort);
    view.setUint16(TCP_START + Tcp.DESTINATION, peer.port);
    view.setUint32(TCP_START + Tcp.SEQUENCE, header.sequence);
    view.setUint32(TCP_START + Tcp.ACKNOWLEDGMENT, header.acknowledgment);
    view.setUint8(TCP_START + Tcp.OFFSET, ((Tcp.MIN_BYTES + options) / 4) << 4);
    view.setUint8(TCP_START + Tcp.FLAGS, header.flags);
    view.setUint16(TCP_START + Tcp.WINDOW, header.window);
    // The checksum, for now, and the urgent pointer.
    view.setUint32(TCP_START + Tcp.CHECKSUM, 0);
    if (header.mss !== undefined) {
      view.setUint32(HEADERS_BYTES, (TcpOption.MSS << 24) | (MSS_OPTION_BYTES << 16) | header.mss);
    }
    if (payload) this.#frame.set(payload, HEADERS_BYTES + options);
    const sum = sumWords(this.#frame, TCP_START, tcpBytes, pseudoHeader(this.#frame, tcpBytes));
    view.setUint16(TCP_START + Tcp.CHECKSUM, checksumOf(sum));
    return TCP_START + tcpBytes;
  }

  #ethernet(mac: Uint8Array, type: number): void {
    this.#frame.set(mac, Ethernet.DESTINATION);
    this.#frame.set(this.#mac.subarray(0, MAC_BYTES), Ethernet.SOURCE);
    this.#view.setUint16(Ethernet.TYPE, type);
  }

  #ipv4(to: number, payloadBytes: number): void {
    const view = this.#view;
    // Version 4, five words; no kind of service.
    view.setUint16(Ipv4.VERSION_AND_LENGTH, 0x4500);
    view.setUint16(Ipv4.TOTAL_LENGTH, Ipv4.MIN_BYTES + payloadBytes);
    // Identification 0: RFC 6864, it means nothing in a packet that is never cut.
    view.setUint32(Ipv4.FRAGMENT - 2, DONT_FRAGMENT);
    view.setUint8(Ipv4.TTL, TTL);
    view.setUint8(Ipv4.PROTOCOL, IP_PROTOCOL_TCP);
    view.setUint16(Ipv4.CHECKSUM, 0);
    view.setUint32(Ipv4.SOURCE, this.#ip);
    view.setUint32(Ipv4.DESTINATION, to);
    view.setUint16(Ipv4.CHECKSUM, checksumOf(sumWords(this.#frame, Ethernet.BYTES, Ipv4.MIN_BYTES)));
  }
}
