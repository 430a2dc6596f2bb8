import type { FrameWriter, Peer } from "./frame-writer.ts";
import { Flag, MAC_BYTES } from "./layout.ts";
import type { Segment } from "./segment.ts";
import { advance } from "./sequence.ts";

/** What waits is bounded: a segment more gets no answer, as if it were lost. */
const MOST_WAITING = 16;

interface Reset {
  readonly peer: Peer;
  readonly sourcePort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
}

/** Answers to segments that belong to no connection (RFC 9293, 3.10.7.1). */
export class Resets {
  #waiting: Reset[] = [];

  get hasOutput(): boolean {
    return this.#waiting.length > 0;
  }

  /** @param mac where it came from */
  answer(segment: Segment, mac: Uint8Array): void {
    const { flags } = segment;
    if ((flags & Flag.RST) !== 0 || this.#waiting.length === MOST_WAITING) return;
    const counted = segment.payloadBytes + (flags & Flag.SYN ? 1 : 0) + (flags & Flag.FIN ? 1 : 0);
    const isKnown = (flags & Flag.ACK) !== 0;
    this.#waiting.push({
      peer: { mac: mac.slice(0, MAC_BYTES), ip: segment.sourceIp, port: segment.sourcePort },
      sourcePort: segment.destinationPort,
      sequence: isKnown ? segment.acknowledgment : 0,
      acknowledgment: isKnown ? 0 : advance(segment.sequence, counted),
      flags: isKnown ? Flag.RST : Flag.RST | Flag.ACK,
    });
  }

  /** @returns the frame's bytes, 0 for none */
  write(writer: FrameWriter): number {
    const reset = this.#waiting.shift();
    return reset ? writer.segment(reset.peer, { ...reset, window: 0 }) : 0;
  }

  clear(): void {
    this.#waiting = [];
  }
}
