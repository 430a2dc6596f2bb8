import type { FrameWriter, Peer } from "./frame-writer.ts";
import { Inflow } from "./inflow.ts";
import { Flag } from "./layout.ts";
import { Outflow } from "./outflow.ts";
import type { Segment } from "./segment.ts";
import { advance } from "./sequence.ts";

/** A client that says nothing for so long is gone. */
const IDLE_NS = 60e9;
/** How long its FIN is waited for after ours. */
const LINGER_NS = 5e9;
/** A peer that asks for less gets this all the same, or each byte might cost us a segment. */
const LEAST_MSS = 100;
const NO_BYTES = Buffer.alloc(0);

/** What a request comes to. */
export interface Answer {
  readonly bytes: Uint8Array;
  /** Bytes of the request. */
  readonly used: number;
  /** The connection ends with it. */
  readonly isLast: boolean;
}

/** What a connection knows of where it is. */
export interface ConnectionSettings {
  readonly peer: Peer;
  readonly port: number;
  /** Our SYN's number. */
  readonly initialSequence: number;
  /** Payload bytes we send, and take, in a segment. */
  readonly mss: number;
  /** @param isWhole nothing more will come @returns undefined while there is no whole request. Never throws */
  readonly answer: (bytes: Buffer, isWhole: boolean) => Answer | undefined;
}

/** One TCP connection (RFC 9293), opened by the peer, with one request after the other. */
export class Connection {
  /** Over: forget it. "reset": tell the peer. */
  end: "" | "quiet" | "reset" = "";
  readonly #settings: ConnectionSettings;
  readonly #in: Inflow;
  readonly #out: Outflow;
  #owesAck = false;
  /** The last answer is on its way, with our FIN behind it. */
  #isClosing = false;
  #lastHeard: number;

  /** @param syn with which the peer begins */
  constructor(settings: ConnectionSettings, syn: Segment, now: number) {
    this.#settings = settings;
    this.#lastHeard = now;
    this.#in = new Inflow(advance(syn.sequence, 1));
    const mss = Math.min(settings.mss, Math.max(syn.mss, LEAST_MSS));
    this.#out = new Outflow(settings.initialSequence, mss, syn.window);
  }

  get isHalfOpen(): boolean {
    return !this.#out.isOpen;
  }

  /** Since when it is open without a request; Infinity while one is served. */
  get idleSince(): number {
    return this.#out.isDrained && this.#in.bytes.length === 0 ? this.#lastHeard : Number.POSITIVE_INFINITY;
  }

  /** When `expire` is to be called. One that is over waits for nothing but to be forgotten. */
  get deadline(): number {
    if (this.end !== "") return Number.POSITIVE_INFINITY;
    return Math.min(this.#out.deadline, this.#lastHeard + (this.#out.isClosed ? LINGER_NS : IDLE_NS));
  }

  /** A segment of this connection's. @param frame has its payload */
  receive(segment: Segment, frame: Uint8Array, now: number): void {
    const { flags } = segment;
    if (flags & Flag.RST) this.#reset(segment);
    else if (flags & Flag.SYN) this.#synAgain(segment);
    else if (flags & Flag.ACK && this.#in.accepts(segment)) this.#take(segment, frame, now);
    else this.#owesAck ||= (flags & Flag.ACK) !== 0;
  }

  /** A deadline has passed. */
  expire(now: number): void {
    if (this.#out.deadline <= now && !this.#out.expire(now)) this.end = "reset";
    if (this.deadline > now) return;
    if (this.#out.isClosed) this.end = "quiet";
    else if (this.#isClosing || !this.#out.isDrained) this.end = "reset";
    else {
      this.#lastHeard = now;
      this.#put(NO_BYTES, true, now);
    }
  }

  /** Writes the next segment that the peer is owed. @returns the frame's bytes, 0 for none */
  write(writer: FrameWriter, now: number): number {
    const out = this.#out;
    const sequence = out.next;
    if (out.wantsSyn) {
      out.sent(1, now);
      return this.#segment(writer, sequence, Flag.SYN | Flag.ACK, undefined, this.#settings.mss);
    }
    const count = out.sendable;
    if (count > 0) {
      const bytes = out.bytes(count);
      out.sent(count, now);
      return this.#segment(writer, sequence, Flag.ACK | (out.sendable === 0 ? Flag.PSH : 0), bytes);
    }
    if (out.wantsFin) {
      out.sent(1, now);
      return this.#segment(writer, sequence, Flag.ACK | Flag.FIN);
    }
    return this.#owesAck ? this.#segment(writer, out.highest, Flag.ACK) : 0;
  }

  /** Tells the peer that it is over. */
  writeReset(writer: FrameWriter): number {
    return this.#segment(writer, this.#out.highest, Flag.RST | Flag.ACK);
  }

  #segment(writer: FrameWriter, sequence: number, flags: number, payload?: Uint8Array, mss?: number): number {
    this.#owesAck = false;
    const { peer, port } = this.#settings;
    const { next: acknowledgment, window } = this.#in;
    const header = { sourcePort: port, sequence, acknowledgment, flags, window, ...(mss === undefined ? {} : { mss }) };
    const length = writer.segment(peer, header, payload);
    this.#finish();
    return length;
  }

  #take(segment: Segment, frame: Uint8Array, now: number): void {
    const isBare = segment.payloadBytes === 0 && (segment.flags & Flag.FIN) === 0;
    if (!this.#out.acknowledge(segment.acknowledgment, segment.window, isBare, now)) {
      // 3.10.7.4: in the handshake it is of another life.
      if (this.isHalfOpen) this.end = "reset";
      else this.#owesAck = true;
      return;
    }
    if (this.isHalfOpen) return;
    this.#lastHeard = now;
    if (this.#in.take(segment, frame)) this.#owesAck = true;
    this.#serve(now);
    this.#finish();
  }

  /** RFC 5961, 3.2: one that is off by a little is asked about, or any guess would do. */
  #reset(segment: Segment): void {
    if (this.#in.expects(segment)) this.end = "quiet";
    else if (this.#in.accepts(segment)) this.#owesAck = true;
  }

  /** Ours got lost, or (RFC 5961, 4) it is none of this connection's. */
  #synAgain({ sequence }: Segment): void {
    if (this.isHalfOpen && advance(sequence, 1) === this.#in.next) this.#out.rewind();
    else this.#owesAck = true;
  }

  /** The next request, when the answer to the last has arrived. */
  #serve(now: number): void {
    if (this.#isClosing || !this.#out.isDrained) return;
    const isWhole = this.#in.isAtEnd || this.#in.isFull;
    const answer = this.#settings.answer(this.#in.bytes, isWhole);
    if (answer) {
      this.#in.drop(answer.used);
      this.#put(answer.bytes, answer.isLast, now);
    } else if (this.#in.isAtEnd) {
      this.#put(NO_BYTES, true, now);
    }
  }

  #put(bytes: Uint8Array, isLast: boolean, now: number): void {
    this.#out.put(bytes, isLast, now);
    this.#isClosing = isLast;
    if (isLast) this.#in.close();
  }

  /** Both have said all, and know it. */
  #finish(): void {
    if (this.#out.isClosed && this.#in.isAtEnd && !this.#owesAck) this.end ||= "quiet";
  }
}
