/**
 * A list of system calls as a program of its own: no threads, no library, two pages. What a process with threads can't
 * do to itself (enter a user namespace, change what every thread may do) it can do as this program, and then exec again.
 */
import { cString } from "../fd.ts";
import { systemCallNumber } from "../system-calls.ts";
import { DATA_ADDRESS, RECORD } from "./code.ts";
import { executable } from "./elf.ts";

/** An argument: a number, or the address of a text, of bytes, or of a list of texts that ends with NULL. */
export type Argument = number | string | Uint8Array | readonly Uint8Array[];

/**
 * In a call's place: forks. The child goes on with the list. The parent closes its descriptors, hands on to the child each
 * signal of the set that it gets, and ends with the child's exit status, 128 + N where signal N ended that. The argument is
 * the set, 64 bits, SIGCHLD among them; all of them have to be blocked.
 */
export const SUPERVISE = "supervise";
const SUPERVISE_NUMBER = -1;

export interface Call {
  /** As its manual page names it, or SUPERVISE. */
  readonly call: string;
  readonly arguments: readonly Argument[];
  /** Where the result, 32 bits, goes: into bytes that another call has as an argument, or into an argument itself. */
  readonly result?:
    | { readonly bytes: Uint8Array; readonly offset: number }
    | { readonly call: number; readonly argument: number };
  /** The index of the call to go on with after an error. Without one: the next. */
  readonly onError?: number;
}

/** What a call came to: its errno, 0 for success, undefined when it was not made. */
export type Outcome = number | undefined;

const NOT_MADE = "..";
const ZERO = "0".charCodeAt(0);

/**
 * @param calls in their order; the last one must not return (an exec, an exit), or come back to itself by `onError`
 * @param report where outcomes are written while the program runs: bytes of some call's argument, two a call
 * @returns an ELF file
 */
export function program(calls: readonly Call[], report: { readonly bytes: Uint8Array; readonly offset: number }) {
  const data = new DataImage(calls.length * RECORD.size);
  report.bytes.set(Buffer.from(NOT_MADE.repeat(calls.length)), report.offset);
  const outcomes = data.addressOf(report.bytes) + report.offset;
  const nowhere = data.addressOf(new Uint8Array(4));
  for (const [i, { call, arguments: args, result, onError }] of calls.entries()) {
    const record = i * RECORD.size;
    data.patch(record + RECORD.number, call === SUPERVISE ? SUPERVISE_NUMBER : systemCallNumber(call));
    for (let n = 0; n < args.length; n++) data.patch(record + RECORD.arguments + 8 * n, data.value(args[n]!));
    data.patch(record + RECORD.result, result ? data.destination(result) : nowhere);
    data.patch(record + RECORD.errno, outcomes + NOT_MADE.length * i);
    data.patch(record + RECORD.onError, DATA_ADDRESS + RECORD.size * (onError ?? i + 1));
  }
  return executable(data.bytes());
}

/** What `program` has reported. */
export function readReport(text: string): Outcome[] {
  return Array.from({ length: text.length / 2 }, (_, i) => {
    if (text.startsWith(NOT_MADE, 2 * i)) return undefined;
    return (text.charCodeAt(2 * i) - ZERO) * 16 + text.charCodeAt(2 * i + 1) - ZERO;
  });
}

/** The data page: records first, then everything they point to, each thing once. */
class DataImage {
  readonly #records: Int32Array;
  readonly #parts: Uint8Array[];
  readonly #addresses = new Map<string | Uint8Array | readonly Uint8Array[], number>();
  #size: number;

  constructor(recordBytes: number) {
    this.#records = new Int32Array(recordBytes / 4);
    this.#parts = [new Uint8Array(this.#records.buffer)];
    this.#size = recordBytes;
  }

  /** Sets 64 bits of the records. */
  patch(offset: number, value: number): void {
    this.#records[offset / 4] = value;
    this.#records[offset / 4 + 1] = Math.floor(value / 2 ** 32);
  }

  value(argument: Argument): number {
    return typeof argument === "number" ? argument : this.addressOf(argument);
  }

  destination(result: NonNullable<Call["result"]>): number {
    if ("bytes" in result) return this.addressOf(result.bytes) + result.offset;
    return DATA_ADDRESS + result.call * RECORD.size + RECORD.arguments + 8 * result.argument;
  }

  /** The same object has one address: what a call writes to, another one reads. */
  addressOf(thing: string | Uint8Array | readonly Uint8Array[]): number {
    const known = this.#addresses.get(thing);
    if (known !== undefined) return known;
    const bytes = this.#bytesOf(thing);
    const address = DATA_ADDRESS + this.#size;
    const padded = new Uint8Array((bytes.length + 8) & ~7);
    padded.set(bytes);
    this.#parts.push(padded);
    this.#size += padded.length;
    this.#addresses.set(thing, address);
    return address;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }

  #bytesOf(thing: string | Uint8Array | readonly Uint8Array[]): Uint8Array {
    if (typeof thing === "string") return cString(thing);
    if (thing instanceof Uint8Array) return thing;
    return new Uint8Array(new BigUint64Array([...thing.map((text) => BigInt(this.addressOf(text))), 0n]).buffer);
  }
}
