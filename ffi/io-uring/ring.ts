import { type Field, get, type Layout, pack } from "../abi.ts";
import { Errno, SystemError } from "../error.ts";
import type { Fd } from "../fd.ts";
import { Mapping } from "../memory.ts";
import {
  IO_CQRING_OFFSETS,
  IO_SQRING_OFFSETS,
  IO_URING_CQE,
  IO_URING_RESTRICTION,
  IO_URING_SQE,
  IORING_OFF,
  IORING_REGISTER,
  IORING_RESTRICTION,
  IORING_SETUP,
  IORING_UNREGISTER,
  IOSQE,
} from "./layouts.ts";
import { enterRing, type RawRing, registerWithRing, setUpRing } from "./setup.ts";

/** What a ring may be used for. Anything else the kernel refuses: a ring walks around seccomp. */
export interface RingUse {
  /** The one file it works on at a time. */
  readonly file: Fd;
  /** RingOp numbers. */
  readonly operations: readonly number[];
  /** For error messages. */
  readonly about: string;
}

/**
 * An io_uring for one file, used by one thread (io_uring(7)). Submissions and completions are words in memory shared
 * with the kernel; only `enter` is a system call. `fd` can be waited for: it is readable while completions are there.
 *
 * Needs Linux 5.10 (restrictions).
 */
export class IoUring implements Disposable {
  /** How many operations may be under way. The completion queue holds twice as many, so that it never overflows. */
  readonly entries: number;
  /** What `next` found. */
  userData = 0;
  result = 0;
  readonly #raw: RawRing;
  #file: Fd;
  readonly #mappings: readonly Mapping[];
  /** The rings as 32-bit words, and the submission entries. */
  readonly #words: Int32Array;
  readonly #sqes: Uint32Array;
  readonly #sqHead: number;
  readonly #sqTail: number;
  readonly #cqHead: number;
  readonly #cqTail: number;
  readonly #cqes: number;
  readonly #sqMask: number;
  readonly #cqMask: number;
  /** Free-running; ours to write, so never read back. */
  #tail = 0;
  #head = 0;

  /**
   * @param entries a power of two
   * @throws SystemError ENOSYS, EPERM: there are no rings here; EINVAL: none that can be restricted
   */
  static create(entries: number, use: RingUse): IoUring {
    const raw = setUp(entries, use.about);
    try {
      return new IoUring(raw, use);
    } catch (error) {
      raw.fd.close();
      throw error;
    }
  }

  private constructor(raw: RawRing, use: RingUse) {
    this.#raw = raw;
    this.#file = use.file;
    this.entries = raw.sqEntries;
    const sq = (field: Field): number => get(raw.sqOffsets, field);
    const cq = (field: Field): number => get(raw.cqOffsets, field);
    const { fields: sqFields } = IO_SQRING_OFFSETS;
    const { fields: cqFields } = IO_CQRING_OFFSETS;
    restrict(raw.fd, use);
    const sqEnd = sq(sqFields.array) + 4 * raw.sqEntries;
    const cqEnd = cq(cqFields.cqes) + IO_URING_CQE.size * raw.cqEntries;
    const rings = mapPart(raw, IORING_OFF.SQ_RING, Math.max(sqEnd, cqEnd));
    const sqes = mapPart(raw, IORING_OFF.SQES, IO_URING_SQE.size * raw.sqEntries);
    this.#mappings = [rings, sqes];
    this.#words = new Int32Array(rings.view());
    this.#sqes = new Uint32Array(sqes.view());
    this.#sqHead = sq(sqFields.head) / 4;
    this.#sqTail = sq(sqFields.tail) / 4;
    this.#cqHead = cq(cqFields.head) / 4;
    this.#cqTail = cq(cqFields.tail) / 4;
    this.#cqes = cq(cqFields.cqes) / 4;
    this.#sqMask = raw.sqEntries - 1;
    this.#cqMask = raw.cqEntries - 1;
    // The submission queue is a list of indices of entries. Entries are used in order here: number i is entry i.
    const array = sq(sqFields.array) / 4;
    for (let i = 0; i < raw.sqEntries; i++) this.#words[array + i] = i;
  }

  get fd(): number {
    return this.#raw.fd.number;
  }

  /** Entries that were pushed and the kernel has not taken. */
  get waiting(): number {
    return (this.#tail - Atomics.load(this.#words, this.#sqHead)) | 0;
  }

  /**
   * Writes a submission entry for the ring's file; `enter` hands it over.
   * @param flags IOSQE bits, beside FIXED_FILE
   * @param address an address of this process, or a length where the operation wants one (FALLOCATE)
   * @param operationFlags of `rw_flags` and its like
   * @param userData 32 bits that come back with the completion
   * @returns false when the queue is full
   */
  push(
    opcode: number,
    flags: number,
    offset: number,
    address: number,
    length: number,
    operationFlags: number,
    userData: number,
  ): boolean {
    if (this.waiting >= this.entries) return false;
    const sqes = this.#sqes;
    // Words that are not written here are 0 from the start, and stay so.
    const at = (this.#tail & this.#sqMask) * SQE_WORDS;
    sqes[at] = opcode | ((flags | IOSQE.FIXED_FILE) << 8);
    sqes[at + SQE.FD] = 0;
    sqes[at + SQE.OFF] = offset;
    sqes[at + SQE.OFF + 1] = offset / 0x1_0000_0000;
    sqes[at + SQE.ADDR] = address;
    sqes[at + SQE.ADDR + 1] = address / 0x1_0000_0000;
    sqes[at + SQE.LEN] = length;
    sqes[at + SQE.RW_FLAGS] = operationFlags;
    sqes[at + SQE.USER_DATA] = userData;
    this.#tail = (this.#tail + 1) | 0;
    // The entry first, then the tail.
    Atomics.store(this.#words, this.#sqTail, this.#tail);
    return true;
  }

  /**
   * Hands over everything that was pushed. Allocates nothing.
   * @returns how many the kernel took; fewer than were waiting only when it has no memory for more just now
   * @throws SystemError
   */
  enter(): number {
    let taken = 0;
    for (let waiting = this.waiting; waiting > 0; waiting = this.waiting) {
      const result = enterRing(this.fd, waiting);
      if (result > 0) taken += result;
      else if (result === 0 || result === -Errno.EAGAIN || result === -Errno.EBUSY) break;
      else if (result !== -Errno.EINTR) throw new SystemError("io_uring_enter", -result, this.#raw.fd.about);
    }
    return taken;
  }

  /** Takes back the newest entry, if the kernel has not taken it. @returns its user data, or -1 */
  withdraw(): number {
    if (this.waiting <= 0) return -1;
    this.#tail = (this.#tail - 1) | 0;
    Atomics.store(this.#words, this.#sqTail, this.#tail);
    return this.#sqes[(this.#tail & this.#sqMask) * SQE_WORDS + SQE.USER_DATA]!;
  }

  /** The next completion: its `userData` and `result` (minus errno when it failed). @returns false when there is none */
  next(): boolean {
    const words = this.#words;
    if (Atomics.load(words, this.#cqTail) === this.#head) return false;
    const at = this.#cqes + (this.#head & this.#cqMask) * CQE_WORDS;
    this.userData = words[at + CQE.USER_DATA]! >>> 0;
    this.result = words[at + CQE.RES]!;
    this.#head = (this.#head + 1) | 0;
    Atomics.store(words, this.#cqHead, this.#head);
    return true;
  }

  /**
   * Puts another file in the place of the one it works on, which it has let go of when this returns (an update in place
   * would keep it for another second). Call it when nothing is under way: the kernel's workers look a file up late.
   * @throws SystemError: it works on the old one as before
   */
  replaceFile(file: Fd): void {
    const ring = this.#raw.fd;
    registerWithRing(ring, IORING_UNREGISTER.FILES, null, 0);
    try {
      registerFile(ring, file);
      this.#file = file;
    } catch (error) {
      registerFile(ring, this.#file);
      throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const mapping of this.#mappings) mapping[Symbol.dispose]();
    this.#raw.fd.close();
  }
}

const SQE_WORDS = IO_URING_SQE.size / 4;
const CQE_WORDS = IO_URING_CQE.size / 4;
const SQE = {
  FD: wordOf(IO_URING_SQE, "fd"),
  OFF: wordOf(IO_URING_SQE, "off"),
  ADDR: wordOf(IO_URING_SQE, "addr"),
  LEN: wordOf(IO_URING_SQE, "len"),
  RW_FLAGS: wordOf(IO_URING_SQE, "rw_flags"),
  USER_DATA: wordOf(IO_URING_SQE, "user_data"),
};
const CQE = { USER_DATA: wordOf(IO_URING_CQE, "user_data"), RES: wordOf(IO_URING_CQE, "res") };

function wordOf<Names extends string>(of: Layout<Names>, name: NoInfer<Names>): number {
  return of.fields[name].offset / 4;
}

/** Completions interrupt no one: they wait until the thread enters the kernel, as it does to wait. Linux 6.0 knows that. */
function setUp(entries: number, about: string): RawRing {
  const { R_DISABLED, COOP_TASKRUN, SINGLE_ISSUER } = IORING_SETUP;
  try {
    return setUpRing(entries, R_DISABLED | COOP_TASKRUN | SINGLE_ISSUER, about);
  } catch (error) {
    if (!(error instanceof SystemError) || error.errno !== Errno.EINVAL) throw error;
    return setUpRing(entries, R_DISABLED, about);
  }
}

/**
 * From here on the ring takes these operations on this file, and nothing can be registered any more but another file in
 * its place.
 */
function restrict(ring: Fd, { file, operations }: RingUse): void {
  registerFile(ring, file);
  const { REGISTER_OP, SQE_OP, SQE_FLAGS_ALLOWED, SQE_FLAGS_REQUIRED } = IORING_RESTRICTION;
  const rules = [
    ...operations.map((operation) => rule(SQE_OP, operation)),
    rule(REGISTER_OP, IORING_UNREGISTER.FILES),
    rule(REGISTER_OP, IORING_REGISTER.FILES),
    rule(SQE_FLAGS_ALLOWED, IOSQE.FIXED_FILE | IOSQE.ASYNC),
    rule(SQE_FLAGS_REQUIRED, IOSQE.FIXED_FILE),
  ];
  registerWithRing(ring, IORING_REGISTER.RESTRICTIONS, Buffer.concat(rules), rules.length);
  registerWithRing(ring, IORING_REGISTER.ENABLE_RINGS, null, 0);
}

function registerFile(ring: Fd, file: Fd): void {
  registerWithRing(ring, IORING_REGISTER.FILES, Int32Array.of(file.number), 1);
}

function rule(opcode: number, value: number): Uint8Array {
  return pack(IO_URING_RESTRICTION, { opcode, sqe_op: value });
}

function mapPart({ fd }: RawRing, offset: number, bytes: number): Mapping {
  return Mapping.create(bytes, { about: fd.about, file: fd, offset });
}
