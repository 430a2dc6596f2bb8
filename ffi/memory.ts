/** Memory mappings that unmap themselves, and windows on raw memory. */
import { type Pointer, ptr, toArrayBuffer } from "bun:ffi";
import { check } from "./error.ts";
import type { Fd } from "./fd.ts";
import { libc, type Memory } from "./libc.ts";

export const PROT = { NONE: 0, READ: 1, WRITE: 2, EXEC: 4 } as const;
export const MAP = {
  SHARED: 0x01,
  PRIVATE: 0x02,
  FIXED: 0x10,
  ANONYMOUS: 0x20,
  NORESERVE: 0x4000,
  POPULATE: 0x8000,
  HUGETLB: 0x40000,
  HUGE_2MB: 21 << 26,
} as const;
export const MADV = {
  DONTNEED: 4,
  HUGEPAGE: 14,
  DONTDUMP: 16,
  RANDOM: 1,
  WILLNEED: 3,
  PAGEOUT: 21,
  POPULATE_WRITE: 23,
} as const;

/** How a mapping is made; `about` says what for, in errors. */
export interface MapOptions {
  readonly about: string;
  /** Defaults to READ | WRITE. */
  readonly protection?: number;
  /** Defaults to PRIVATE | ANONYMOUS, or SHARED with a file. */
  readonly flags?: number;
  readonly file?: Fd;
  readonly offset?: number;
  /** With MAP.FIXED: exactly here, over whatever is there. */
  readonly at?: number;
}

/** A mapping of this process: `address` and `length` in bytes. */
export class Mapping implements Disposable {
  readonly address: number;
  readonly length: number;
  readonly about: string;
  #mapped = true;

  private constructor(address: number, length: number, about: string) {
    this.address = address;
    this.length = length;
    this.about = about;
  }

  /** @throws SystemError, for example ENOMEM */
  static create(length: number, options: MapOptions): Mapping {
    return new Mapping(map(length, options), length, options.about);
  }

  /** A view on a part of it, at most 4 GiB. It must not be used after the mapping is gone. */
  view(offset = 0, length = this.length - offset): ArrayBuffer {
    if (offset < 0 || length < 0 || offset + length > this.length) {
      throw new RangeError(`${this.about}: a view of ${length} bytes at ${offset} is outside its ${this.length} bytes`);
    }
    return memoryAt(this.address + offset, length);
  }

  /** madvise on the whole of it. Advice that the host does not know is no error: it returns false. */
  advise(advice: number): boolean {
    return adviseMemory(this.address, this.length, advice);
  }

  [Symbol.dispose](): void {
    if (!this.#mapped) return;
    this.#mapped = false;
    libc.munmap(this.address, this.length);
  }
}

/**
 * Bare mmap, for a piece of a mapping that somebody else owns (MAP.FIXED).
 * @returns the address
 * @throws SystemError
 */
export function map(length: number, options: MapOptions): number {
  const { about, file, at = 0, offset = 0, protection = PROT.READ | PROT.WRITE } = options;
  const flags = options.flags ?? (file ? MAP.SHARED : MAP.PRIVATE | MAP.ANONYMOUS);
  return check(libc.mmap(at, length, protection, flags, file ? file.number : -1, offset), "mmap", about);
}

export function adviseMemory(address: number, length: number, advice: number): boolean {
  return libc.madvise(address, length, advice) === 0;
}

/**
 * A view on raw memory, at most 4 GiB (the limit of a JavaScript ArrayBuffer here). The caller vouches for the range
 * and keeps whatever owns it alive.
 */
export function memoryAt(address: number, length: number): ArrayBuffer {
  return toArrayBuffer(address as Pointer, 0, length);
}

/** Copies bytes; addresses are the caller's responsibility, and the ranges don't overlap. Allocates nothing. */
export function copyMemory(to: Memory, from: Memory, length: number): void {
  libc.memcpy(to, from, length);
}

/**
 * Where JavaScript's own memory is. It stays there as long as the caller keeps `bytes`, if it was made on an ArrayBuffer:
 * a small array made without one moves when its `buffer` is asked for.
 */
export function addressOf(bytes: NodeJS.TypedArray): number {
  return ptr(bytes);
}
