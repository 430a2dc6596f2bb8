import { monotonicNs } from "../../../../ffi/clock.ts";
import type { MmdsCounters } from "../counters.ts";
import type { Answer } from "./connection.ts";
import { Connections } from "./connections.ts";
import { FrameWriter, HEADERS_BYTES } from "./frame-writer.ts";
import { ARP_ETHERNET, ARP_SIZES, Arp, ArpOperation, Ethernet, EtherType, Ipv4, MAC_BYTES } from "./layout.ts";
import { Segment } from "./segment.ts";

/** Firecracker's: what guests find in their neighbour tables. */
const MAC = Uint8Array.of(0x06, 0x01, 0x23, 0x45, 0x67, 0x01);
const HTTP_PORT = 80;
/** What an IPv4 link carries at least (RFC 791). */
const LEAST_MTU = 68;
/** As much of a frame as `isForIt` looks at. */
export const LOOK_BYTES = Arp.END;
/** The longest frame it writes, whatever the guest's MTU. */
export const MOST_REPLY_BYTES = 1514;

export interface ResponderOptions {
  /** Of the service, as a number. */
  readonly address: number;
  /** The guest's, if it is known. */
  readonly mtu?: number | undefined;
  readonly answer: (bytes: Buffer, isWhole: boolean) => Answer | undefined;
  readonly counters: MmdsCounters;
  /** Where a frame of the guest's is when it is looked at. */
  readonly incoming: Uint8Array;
  /** Where a frame for the guest is written: room for MOST_REPLY_BYTES. */
  readonly outgoing: Uint8Array;
  /** Asks for `expire` to be called in so many nanoseconds. */
  readonly setAlarm: (ns: number) => void;
  /** For tests. */
  readonly now?: (() => number) | undefined;
}

/**
 * The host that has the service's address, on the wire of one interface: ARP and TCP, port 80, nothing else. It keeps no
 * frames: what it owes the guest is written when the guest has room for it.
 */
export class Responder {
  /** There may be a frame for the guest. */
  hasOutput = false;
  readonly #options: ResponderOptions;
  readonly #now: () => number;
  readonly #view: DataView;
  readonly #writer: FrameWriter;
  readonly #connections: Connections;
  readonly #segment = new Segment();
  /** Who asked last for the address: at most one answer is owed. */
  readonly #asker = new Uint8Array(MAC_BYTES);
  #askerIp = 0;
  #owesArp = false;
  /** When the alarm rings. */
  #rings = Number.POSITIVE_INFINITY;

  constructor(options: ResponderOptions) {
    const { address, mtu = MOST_REPLY_BYTES, answer, counters, incoming, outgoing, now = monotonicNs } = options;
    this.#options = options;
    this.#now = now;
    this.#view = new DataView(incoming.buffer, incoming.byteOffset, incoming.byteLength);
    this.#writer = new FrameWriter(outgoing, MAC, address);
    const mss = Math.min(MOST_REPLY_BYTES, Math.max(mtu, LEAST_MTU) + Ethernet.BYTES) - HEADERS_BYTES;
    this.#connections = new Connections({ port: HTTP_PORT, mss, answer }, counters);
  }

  /** Whether the frame's destination is the service: all it looks at is in the first LOOK_BYTES. Allocates nothing. */
  isForIt(length: number): boolean {
    if (length < Ethernet.BYTES + Ipv4.MIN_BYTES) return false;
    const type = this.#view.getUint16(Ethernet.TYPE);
    if (type === EtherType.IPV4) return this.#view.getUint32(Ipv4.DESTINATION) === this.#options.address;
    return type === EtherType.ARP && length >= Arp.END && this.#view.getUint32(Arp.TARGET_IP) === this.#options.address;
  }

  /**
   * Takes a frame that is for it.
   * @param isPartial the driver left the transport's checksum to the device
   */
  receive(length: number, isPartial: boolean): void {
    const { counters, incoming } = this.#options;
    counters.mmdsRxFrames++;
    if (this.#view.getUint16(Ethernet.TYPE) === EtherType.ARP) {
      if (!this.#takeArp()) counters.mmdsRxErrors++;
    } else if (this.#segment.read(incoming, this.#view, length, isPartial)) {
      const now = this.#now();
      this.#connections.receive(this.#segment, incoming, this.#source, now);
      this.#watch(now);
    } else {
      counters.mmdsRxErrors++;
    }
    this.hasOutput = true;
  }

  /** Writes the next frame that the guest is owed. @returns its bytes, 0 for none */
  write(): number {
    const { counters } = this.#options;
    const now = this.#now();
    const length = this.#owesArp ? this.#answerArp() : this.#connections.write(this.#writer, now);
    if (length > 0) {
      counters.mmdsTxFrames++;
      counters.mmdsTxBytes += length;
    } else {
      this.hasOutput = false;
    }
    this.#watch(now);
    return length;
  }

  /** The alarm has rung. */
  expire(): void {
    const now = this.#now();
    this.#rings = Number.POSITIVE_INFINITY;
    this.#connections.expire(now);
    this.hasOutput = true;
    this.#watch(now);
  }

  /** The guest's driver is gone, and all its connections. */
  reset(): void {
    this.#connections.clear();
    this.#owesArp = this.hasOutput = false;
  }

  get #source(): Uint8Array {
    return this.#options.incoming.subarray(Ethernet.SOURCE, Ethernet.SOURCE + MAC_BYTES);
  }

  /** @returns false for what is no question */
  #takeArp(): boolean {
    const view = this.#view;
    const isSound =
      view.getUint16(Arp.HARDWARE) === ARP_ETHERNET &&
      view.getUint16(Arp.PROTOCOL) === EtherType.IPV4 &&
      view.getUint16(Arp.SIZES) === ARP_SIZES;
    if (!isSound || view.getUint16(Arp.OPERATION) !== ArpOperation.REQUEST) return false;
    this.#asker.set(this.#options.incoming.subarray(Arp.SENDER_MAC, Arp.SENDER_MAC + MAC_BYTES));
    this.#askerIp = view.getUint32(Arp.SENDER_IP);
    this.#owesArp = true;
    return true;
  }

  #answerArp(): number {
    this.#owesArp = false;
    return this.#writer.arpReply(this.#asker, this.#askerIp);
  }

  /** An alarm that rings too early is no harm, and spares a call for each segment. */
  #watch(now: number): void {
    const { deadline } = this.#connections;
    if (deadline >= this.#rings) return;
    this.#rings = deadline;
    this.#options.setAlarm(deadline - now);
  }
}
