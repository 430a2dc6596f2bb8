/** A guest's TCP, as much of it as a client of the metadata service needs; every step can be left out or done wrong. */
import { type Frame, readFrame, type TcpFields, tcpFrame } from "./frames.ts";

/** What carries frames between the client and the service. */
export interface Wire {
  send(frame: Buffer): void;
  /** All that came since the last call. */
  receive(): Uint8Array[];
}

export type ReceivedSegment = NonNullable<Frame["tcp"]>;

export class Client {
  /** Our next number, and the one we expect. */
  seq: number;
  ack = 0;
  window = 64_240;
  /** What the service has said. */
  received = "";
  isAtEnd = false;
  wasReset = false;
  readonly #wire: Wire;
  readonly port: number;

  constructor(wire: Wire, port = 40_000, seq = 0xffff_fff0) {
    this.#wire = wire;
    this.port = port;
    this.seq = seq;
  }

  /** The handshake. @param mss as the SYN says, 0 for none */
  open(mss = 1460): this {
    const options = mss === 0 ? [] : [2, 4, mss >> 8, mss & 0xff];
    this.send({ flags: "S", ack: 0, options });
    this.seq++;
    const [answer] = this.segments();
    if (answer?.flags !== "SA") throw new Error(`no SYN-ACK: ${answer?.flags}`);
    this.ack = (answer.seq + 1) >>> 0;
    this.send({});
    return this;
  }

  /** One segment, of our numbers unless told otherwise. */
  send(fields: TcpFields, how: { readonly partial?: boolean } = {}): void {
    const own = { from: this.port, seq: this.seq >>> 0, ack: this.ack, window: this.window };
    this.#wire.send(tcpFrame({ ...own, ...fields }, how));
  }

  /** Sends text as one segment, and counts it as sent. */
  write(text: string, how: { readonly partial?: boolean } = {}): void {
    this.send({ flags: "PA", payload: text }, how);
    this.seq += Buffer.byteLength(text);
  }

  close(): void {
    this.send({ flags: "FA" });
    this.seq++;
  }

  /** The segments for this client that came since the last call; nothing is done about them. */
  segments(): ReceivedSegment[] {
    return this.#wire.receive().flatMap((bytes) => {
      const { tcp } = readFrame(bytes);
      return tcp && tcp.to === this.port ? [tcp] : [];
    });
  }

  /** Takes what comes, and acknowledges it, until nothing comes. @returns what was received by now */
  read(): string {
    for (let rounds = 0; rounds < 10_000; rounds++) {
      const segments = this.segments();
      if (segments.length === 0) return this.received;
      let hasNews = false;
      for (const segment of segments) hasNews = this.#take(segment) || hasNews;
      if (hasNews) this.send({});
    }
    throw new Error("it never ends");
  }

  /** Writes a request, and reads the answer. */
  ask(request: string): string {
    this.received = "";
    this.write(request);
    return this.read();
  }

  #take({ seq, flags, payload }: ReceivedSegment): boolean {
    if (flags.includes("R")) {
      this.wasReset = true;
      return false;
    }
    const bytes = Buffer.byteLength(payload) + (flags.includes("F") ? 1 : 0);
    if (bytes === 0 || seq !== this.ack) return bytes > 0;
    this.received += payload;
    this.isAtEnd ||= flags.includes("F");
    this.ack = (this.ack + bytes) >>> 0;
    return true;
  }
}
