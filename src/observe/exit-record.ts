/**
 * What a guest left KVM for while it booted: how often each port was used, and in which runs, one after another. One
 * vCPU's thread writes, in memory of its own; recording is a clock read and a few stores, and ends when the boot does.
 */
import { monotonicNs } from "../../ffi/clock.ts";

const PORTS = 0x1_0000;
/** A run is one device's accesses without another's between them: a serial port's are two ports, in turns. */
const PORT_GROUP_SHIFT = 3;
const PAGE_SHIFT = 12;
const MOST_PAGES = 2 ** 20;
/** Where the numbers of MMIO pages begin, among those of port groups. */
const PAGES_FROM = PORTS >> PORT_GROUP_SHIFT;
/** A guest that does other things for so long has begun something new. */
const SAME_RUN_NS = 5e6;
/** A boot of a thousand times what one needs; later runs are counted, not kept. */
const MOST_RUNS = 4096;

const WORD = { runs: 0, lost: 1 } as const;
const HEADER_BYTES = 64;
const OFFSET = {
  begins: HEADER_BYTES,
  ends: HEADER_BYTES + 8 * MOST_RUNS,
  keys: HEADER_BYTES + 16 * MOST_RUNS,
  counts: HEADER_BYTES + 20 * MOST_RUNS,
  ports: HEADER_BYTES + 24 * MOST_RUNS,
} as const;

/** Of one vCPU. A multiple of a cache line; pages that nothing is written to cost nothing. */
export const EXIT_RECORD_BYTES = OFFSET.ports + 2 * 4 * PORTS;

/** Accesses of one device without another's between them. */
export interface ExitRun {
  readonly kind: "port" | "mmio";
  /** The first of eight ports, or the address of a page. */
  readonly address: number;
  readonly count: number;
  /** CLOCK_MONOTONIC, nanoseconds: its first access and its last. */
  readonly beginNs: number;
  readonly endNs: number;
}

export interface PortUse {
  readonly port: number;
  readonly reads: number;
  readonly writes: number;
}

export interface ExitRecord {
  readonly runs: readonly ExitRun[];
  /** In the order of their numbers. */
  readonly ports: readonly PortUse[];
  /** Exits that belong to runs beyond those that are kept. */
  readonly lost: number;
}

/** The writing end: one vCPU's thread has it. */
export class ExitRecorder {
  readonly #words: Uint32Array;
  readonly #begins: Float64Array;
  readonly #ends: Float64Array;
  readonly #keys: Uint32Array;
  readonly #counts: Uint32Array;
  /** Reads and writes, port by port. */
  readonly #ports: Uint32Array;
  readonly #isOver: () => boolean;
  #key = -1;
  #run = -1;

  /**
   * @param memory EXIT_RECORD_BYTES, zeroed
   * @param isOver whether the boot is: nothing is recorded any more
   */
  constructor(memory: ArrayBuffer, isOver: () => boolean) {
    this.#words = new Uint32Array(memory, 0, HEADER_BYTES / 4);
    this.#begins = new Float64Array(memory, OFFSET.begins, MOST_RUNS);
    this.#ends = new Float64Array(memory, OFFSET.ends, MOST_RUNS);
    this.#keys = new Uint32Array(memory, OFFSET.keys, MOST_RUNS);
    this.#counts = new Uint32Array(memory, OFFSET.counts, MOST_RUNS);
    this.#ports = new Uint32Array(memory, OFFSET.ports, 2 * PORTS);
    this.#isOver = isOver;
  }

  /** @param port 0 to 65535 @param count how many accesses this exit is */
  port(port: number, isOut: boolean, count: number): void {
    if (this.#isOver()) return;
    this.#ports[2 * port + (isOut ? 1 : 0)]! += count;
    this.#note(port >> PORT_GROUP_SHIFT, count);
  }

  /** @param address guest-physical. Whatever is above 4 GiB counts as the last page below. */
  mmio(address: number): void {
    if (this.#isOver()) return;
    this.#note(PAGES_FROM + Math.min(Math.floor(address / 2 ** PAGE_SHIFT), MOST_PAGES - 1), 1);
  }

  #note(key: number, count: number): void {
    const now = monotonicNs();
    if (key !== this.#key || now - this.#ends[this.#run]! > SAME_RUN_NS) this.#begin(key, now);
    if (this.#run >= MOST_RUNS) {
      this.#words[WORD.lost]! += count;
      return;
    }
    this.#counts[this.#run]! += count;
    this.#ends[this.#run] = now;
  }

  #begin(key: number, now: number): void {
    if (this.#run >= MOST_RUNS) return;
    this.#key = key;
    if (++this.#run === MOST_RUNS) return;
    this.#keys[this.#run] = key;
    this.#begins[this.#run] = now;
    // Last: whoever reads meanwhile finds whole runs.
    Atomics.store(this.#words, WORD.runs, this.#run + 1);
  }
}

/** @param memory what a recorder wrote to */
export function readExitRecord(memory: ArrayBuffer): ExitRecord {
  const words = new Uint32Array(memory, 0, HEADER_BYTES / 4);
  const count = Atomics.load(words, WORD.runs);
  const begins = new Float64Array(memory, OFFSET.begins, count);
  const ends = new Float64Array(memory, OFFSET.ends, count);
  const keys = new Uint32Array(memory, OFFSET.keys, count);
  const counts = new Uint32Array(memory, OFFSET.counts, count);
  return {
    runs: Array.from(keys, (key, i) => ({
      ...placeOf(key),
      count: counts[i]!,
      beginNs: begins[i]!,
      endNs: ends[i]!,
    })),
    ports: readPorts(new Uint32Array(memory, OFFSET.ports, 2 * PORTS)),
    lost: words[WORD.lost]!,
  };
}

function placeOf(key: number): Pick<ExitRun, "kind" | "address"> {
  if (key < PAGES_FROM) return { kind: "port", address: key << PORT_GROUP_SHIFT };
  return { kind: "mmio", address: (key - PAGES_FROM) * 2 ** PAGE_SHIFT };
}

function readPorts(counts: Uint32Array): PortUse[] {
  const used: PortUse[] = [];
  for (let port = 0; port < PORTS; port++) {
    const [reads, writes] = [counts[2 * port]!, counts[2 * port + 1]!];
    if (reads + writes > 0) used.push({ port, reads, writes });
  }
  return used;
}
