import type { MmdsCounters } from "../counters.ts";
import { Connection, type ConnectionSettings } from "./connection.ts";
import type { FrameWriter, Peer } from "./frame-writer.ts";
import { Flag } from "./layout.ts";
import { Resets } from "./resets.ts";
import type { Segment } from "./segment.ts";

/** Firecracker's bound. */
const MOST_CONNECTIONS = 30;
/** A client in need may have the place of one that is open for so long without asking anything. */
const SPARE_AFTER_NS = 1e9;

export type ConnectionDefaults = Omit<ConnectionSettings, "peer" | "initialSequence">;

/** The TCP connections of one interface. */
export class Connections {
  readonly #defaults: ConnectionDefaults;
  readonly #counters: MmdsCounters;
  /** By the peer; whose turn it is comes first. */
  readonly #all = new Map<number, Connection>();
  readonly #resets = new Resets();
  readonly #random = new Uint32Array(1);

  constructor(defaults: ConnectionDefaults, counters: MmdsCounters) {
    this.#defaults = defaults;
    this.#counters = counters;
  }

  /** When `expire` is to be called: the earliest deadline of all. */
  get deadline(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { deadline } of this.#all.values()) earliest = Math.min(earliest, deadline);
    return earliest;
  }

  /** @param frame with the segment's payload @param mac where it came from */
  receive(segment: Segment, frame: Uint8Array, mac: Uint8Array, now: number): void {
    const key = segment.sourceIp * 0x1_0000 + segment.sourcePort;
    const connection = segment.destinationPort === this.#defaults.port ? this.#all.get(key) : undefined;
    if (connection) connection.receive(segment, frame, now);
    else if (!this.#open(segment, mac, key, now)) this.#resets.answer(segment, mac);
  }

  expire(now: number): void {
    for (const connection of this.#all.values()) if (connection.deadline <= now) connection.expire(now);
  }

  /** Writes one segment that is owed, each connection in turn. @returns the frame's bytes, 0 for none */
  write(writer: FrameWriter, now: number): number {
    if (this.#resets.hasOutput) return this.#resets.write(writer);
    for (const [key, connection] of this.#all) {
      const length = turnOf(connection, writer, now);
      if (connection.end !== "") this.#forget(key);
      if (length === 0) continue;
      if (connection.end === "") this.#goLast(key, connection);
      return length;
    }
    return 0;
  }

  clear(): void {
    for (const key of this.#all.keys()) this.#forget(key);
    this.#resets.clear();
  }

  /** @returns false for what opens nothing: it is to be refused */
  #open(segment: Segment, mac: Uint8Array, key: number, now: number): boolean {
    const isOpening = (segment.flags & (Flag.SYN | Flag.ACK | Flag.RST | Flag.FIN)) === Flag.SYN;
    if (!isOpening || segment.destinationPort !== this.#defaults.port) return false;
    if (this.#all.size >= MOST_CONNECTIONS && !this.#makeRoom(now)) {
      this.#counters.mmdsConnectionsRefused++;
      return false;
    }
    crypto.getRandomValues(this.#random);
    const peer: Peer = { mac: mac.slice(), ip: segment.sourceIp, port: segment.sourcePort };
    const settings = { ...this.#defaults, peer, initialSequence: this.#random[0]! };
    this.#all.set(key, new Connection(settings, segment, now));
    this.#counters.mmdsConnectionsCreated++;
    return true;
  }

  /** A flood of SYNs pushes out its own: the oldest that is only half open goes, or one that nobody has used for a while. */
  #makeRoom(now: number): boolean {
    let spare: number | undefined;
    let since = now - SPARE_AFTER_NS;
    for (const [key, connection] of this.#all) {
      if (connection.isHalfOpen) {
        this.#forget(key);
        return true;
      }
      if (connection.idleSince > since) continue;
      since = connection.idleSince;
      spare = key;
    }
    if (spare !== undefined) this.#forget(spare);
    return spare !== undefined;
  }

  #goLast(key: number, connection: Connection): void {
    this.#all.delete(key);
    this.#all.set(key, connection);
  }

  #forget(key: number): void {
    this.#all.delete(key);
    this.#counters.mmdsConnectionsDestroyed++;
  }
}

function turnOf(connection: Connection, writer: FrameWriter, now: number): number {
  if (connection.end === "") return connection.write(writer, now);
  return connection.end === "reset" ? connection.writeReset(writer) : 0;
}
