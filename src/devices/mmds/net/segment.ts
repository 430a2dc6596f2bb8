import { checksumOf, sumWords } from "./checksum.ts";
import { Ethernet, IP_PROTOCOL_TCP, Ipv4, IS_FRAGMENT, MSS_OPTION_BYTES, Tcp, TcpOption } from "./layout.ts";

/** RFC 9293, 3.7.1: of a peer that does not say. */
const DEFAULT_MSS = 536;

/** A TCP segment that came, as far as it matters. Read into again and again. */
export class Segment {
  /** Ports, and the peer's address as a number. */
  sourceIp = 0;
  sourcePort = 0;
  destinationPort = 0;
  sequence = 0;
  acknowledgment = 0;
  /** Bits of `Flag`. */
  flags = 0;
  window = 0;
  /** The most payload bytes the peer takes. */
  mss = DEFAULT_MSS;
  /** Where in the frame the payload is. */
  payloadStart = 0;
  payloadBytes = 0;

  /**
   * Reads a frame that is IPv4's by its type.
   * @param frame our copy: nobody changes it meanwhile
   * @param length of the frame, in bytes
   * @param isPartial the driver left the checksum of TCP to the device: there is nothing to check, the bytes came by memory
   * @returns false for what is no sound, whole TCP segment
   */
  read(frame: Uint8Array, view: DataView, length: number, isPartial: boolean): boolean {
    if (length < Ethernet.BYTES + Ipv4.MIN_BYTES) return false;
    const first = view.getUint8(Ipv4.VERSION_AND_LENGTH);
    const ipBytes = (first & 0xf) * 4;
    const total = view.getUint16(Ipv4.TOTAL_LENGTH);
    if (first >> 4 !== 4 || ipBytes < Ipv4.MIN_BYTES || total < ipBytes + Tcp.MIN_BYTES) return false;
    // What is behind the packet is Ethernet's padding.
    if (total > length - Ethernet.BYTES) return false;
    if ((view.getUint16(Ipv4.FRAGMENT) & IS_FRAGMENT) !== 0) return false;
    if (view.getUint8(Ipv4.PROTOCOL) !== IP_PROTOCOL_TCP) return false;
    if (checksumOf(sumWords(frame, Ethernet.BYTES, ipBytes)) !== 0) return false;
    const tcp = Ethernet.BYTES + ipBytes;
    const tcpBytes = total - ipBytes;
    const headerBytes = (view.getUint8(tcp + Tcp.OFFSET) >> 4) * 4;
    if (headerBytes < Tcp.MIN_BYTES || headerBytes > tcpBytes) return false;
    if (!isPartial && checksumOf(sumWords(frame, tcp, tcpBytes, pseudoHeader(frame, tcpBytes))) !== 0) return false;
    this.sourceIp = view.getUint32(Ipv4.SOURCE);
    this.sourcePort = view.getUint16(tcp + Tcp.SOURCE);
    this.destinationPort = view.getUint16(tcp + Tcp.DESTINATION);
    this.sequence = view.getUint32(tcp + Tcp.SEQUENCE);
    this.acknowledgment = view.getUint32(tcp + Tcp.ACKNOWLEDGMENT);
    this.flags = view.getUint8(tcp + Tcp.FLAGS);
    this.window = view.getUint16(tcp + Tcp.WINDOW);
    this.mss = mssOption(view, tcp + Tcp.MIN_BYTES, tcp + headerBytes);
    this.payloadStart = tcp + headerBytes;
    this.payloadBytes = tcpBytes - headerBytes;
    return true;
  }
}

/** RFC 9293, 3.1: the addresses, the protocol and the length go into TCP's checksum. */
export function pseudoHeader(frame: Uint8Array, tcpBytes: number): number {
  return sumWords(frame, Ipv4.SOURCE, 8, IP_PROTOCOL_TCP + tcpBytes);
}

function mssOption(view: DataView, from: number, end: number): number {
  for (let at = from; at < end; ) {
    const kind = view.getUint8(at);
    if (kind === TcpOption.END) break;
    if (kind === TcpOption.NOP) {
      at++;
      continue;
    }
    const bytes = at + 1 < end ? view.getUint8(at + 1) : 0;
    if (bytes < 2 || at + bytes > end) break;
    if (kind === TcpOption.MSS && bytes === MSS_OPTION_BYTES) return view.getUint16(at + 2);
    at += bytes;
  }
  return DEFAULT_MSS;
}
