/**
 * Guest memory: lazily backed host memory behind guest-physical addresses, and the one check every access to it passes.
 */
import { Errno, SystemError } from "../../ffi/error.ts";
import type { Fd } from "../../ffi/fd.ts";
import { adviseMemory, copyMemory, MADV, MAP, Mapping, map, memoryAt, PROT } from "../../ffi/memory.ts";
import { GIB, MIB, type Range, ramRanges } from "./regions.ts";

const PAGE = 4096;
const HUGE_PAGE = 2 * MIB;
/** A JavaScript ArrayBuffer over raw memory ends at 4 GiB here; larger regions are a list of windows. */
const WINDOW = 4 * GIB;

/** All of a piece of guest memory, as JavaScript sees it. */
interface Window {
  readonly hostAddress: number;
  readonly bytes: Uint8Array;
}

/** A RAM range and the host memory behind it. */
export interface Region extends Range {
  readonly hostAddress: number;
}

/** How guest memory is backed. */
export type Backing =
  /** Anonymous pages, given when first touched; 2 MiB ones where the host's transparent huge pages allow. */
  | "normal"
  /** 2 MiB pages of hugetlbfs, all reserved at the start. */
  | "hugepages";

export class GuestMemory implements Disposable {
  readonly regions: readonly Region[];
  /** The mapping this process owns, or undefined for a view on another thread's. */
  readonly #mapping: Mapping | undefined;
  #windows: readonly Window[] | undefined;

  /** What a page costs to give back: nothing smaller than this goes. */
  readonly #pageSize: number;
  /** Where pages of files are, in this process. */
  readonly #filePages: Range[] = [];

  private constructor(regions: readonly Region[], mapping?: Mapping, pageSize = PAGE) {
    this.regions = regions;
    this.#mapping = mapping;
    this.#pageSize = pageSize;
  }

  /**
   * Makes the memory of a guest. Nothing is touched: a page costs the host its memory when the guest first uses it.
   * @throws SystemError ENOMEM with the mend
   */
  static create(bytes: number, backing: Backing = "normal"): GuestMemory {
    const mapping = backing === "hugepages" ? mapHuge(bytes) : mapNormal(bytes);
    // What a guest has in memory is its own: not for a core dump of volt's.
    mapping.advise(MADV.DONTDUMP);
    // Where host and guest addresses agree modulo 2 MiB, KVM can use huge pages on both sides.
    let hostAddress = Math.ceil(mapping.address / HUGE_PAGE) * HUGE_PAGE;
    const regions = ramRanges(bytes).map((range) => {
      const region = { ...range, hostAddress };
      hostAddress += range.size;
      return region;
    });
    return new GuestMemory(regions, mapping, backing === "hugepages" ? HUGE_PAGE : PAGE);
  }

  /** The same memory, seen from another thread of the process. */
  static attach(regions: readonly Region[]): GuestMemory {
    return new GuestMemory(regions);
  }

  /** Bytes of RAM. */
  get size(): number {
    return this.regions.reduce((sum, { size }) => sum + size, 0);
  }

  /** How far RAM goes without a gap from 0. */
  get lowEnd(): number {
    return this.regions[0]!.size;
  }

  /**
   * Where `length` bytes at a guest-physical address are in this process, or -1 unless all of them lie in one region.
   * Overflow-safe: any number is a legal question.
   */
  hostAddress(guestAddress: number, length: number): number {
    // By index: an iterator costs a request's every buffer, and until code is optimised it costs much.
    for (let i = 0; i < this.regions.length; i++) {
      const { address, size, hostAddress } = this.regions[i]!;
      const offset = guestAddress - address;
      if (offset >= 0 && offset <= size && length >= 0 && length <= size - offset) return hostAddress + offset;
    }
    return -1;
  }

  /** A view of guest bytes, or undefined unless all of them lie in one region. It must not outlive the memory. */
  view(guestAddress: number, length: number): Uint8Array | undefined {
    if (length === 0) return this.hostAddress(guestAddress, 0) < 0 ? undefined : new Uint8Array(0);
    const buffer = this.buffer(guestAddress, length);
    return buffer && new Uint8Array(buffer);
  }

  /**
   * The bytes behind an address that `hostAddress` gave, at least one of them and at most `length`: those that lie in one
   * window of 4 GiB.
   * @throws RangeError for an address it never gave
   */
  bytesAt(address: number, length: number): Uint8Array {
    this.#windows ??= windowsOn(this.regions);
    for (const { hostAddress, bytes } of this.#windows) {
      const offset = address - hostAddress;
      if (offset >= 0 && offset < bytes.length) return bytes.subarray(offset, offset + length);
    }
    throw new RangeError(`address 0x${address.toString(16)} is no guest's`);
  }

  /**
   * The same bytes as a buffer of their own, wherever they lie in their region: to make typed arrays on.
   * It must not be used after the memory is gone.
   */
  buffer(guestAddress: number, length: number): ArrayBuffer | undefined {
    const host = this.hostAddress(guestAddress, length);
    return host < 0 ? undefined : memoryAt(host, length);
  }

  /** Writes what volt itself places: a range outside RAM is a mistake of ours, and says so. */
  write(guestAddress: number, bytes: Uint8Array): void {
    const target = this.hostAddress(guestAddress, bytes.length);
    if (target < 0) throw outside(guestAddress, bytes.length);
    if (bytes.length > 0) copyMemory(target, bytes, bytes.length);
  }

  /** Reads a part of a file straight into guest memory. @throws when the file ends early */
  load(guestAddress: number, file: Fd, offset: number, length: number): void {
    const host = this.hostAddress(guestAddress, length);
    if (host < 0) throw outside(guestAddress, length);
    const done = file.readInto(host, offset, length);
    if (done < length)
      throw new SystemError(`pread of ${length} bytes at ${offset}`, Errno.EIO, `${file.about} became shorter`);
  }

  /**
   * Puts pages of a file in place of guest RAM, copy-on-write: loaded lazily, shared with every other VM until written.
   * Only for files nobody truncates: a page that is gone from the file kills the process (SIGBUS).
   * @param length whole pages, as are `guestAddress` and `offset`
   */
  mapFile(guestAddress: number, file: Fd, offset: number, length: number): void {
    const at = this.hostAddress(guestAddress, length);
    if (at < 0) throw outside(guestAddress, length);
    map(length, {
      about: file.about,
      file,
      offset,
      at,
      flags: MAP.PRIVATE | MAP.FIXED,
      protection: PROT.READ | PROT.WRITE,
    });
    adviseMemory(at, length, MADV.DONTDUMP);
    this.#filePages.push({ address: at, size: length });
  }

  /**
   * Gives the whole pages of a range back to the host. The guest may touch them again at any time, and finds zeros.
   * @param address in this process, as `hostAddress` gave it for `length` bytes
   * @returns bytes given back: none of a page of which only a part was meant (a huge page has 2 MiB)
   */
  discard(address: number, length: number): number {
    const start = Math.ceil(address / this.#pageSize) * this.#pageSize;
    const end = Math.floor((address + length) / this.#pageSize) * this.#pageSize;
    if (end <= start) return 0;
    // A file's page would come back as the file has it, the kernel's own code for one: it makes way for an empty one.
    for (const { address: first, size } of this.#filePages) {
      const from = Math.max(start, first);
      const to = Math.min(end, first + size);
      if (from >= to) continue;
      map(to - from, { about: "guest memory", at: from, flags: ANONYMOUS | MAP.FIXED });
      adviseMemory(from, to - from, MADV.DONTDUMP);
    }
    return adviseMemory(start, end - start, MADV.DONTNEED) ? end - start : 0;
  }

  /**
   * Asks for 2 MiB pages under a range that volt is about to fill. Advice: a host without them ignores it. Not for less than
   * one: the host may move memory about for 5 ms to find a free page.
   */
  preferHugePages(guestAddress: number, length: number): void {
    if (length < HUGE_PAGE) return;
    const start = Math.floor(guestAddress / HUGE_PAGE) * HUGE_PAGE;
    const end = Math.ceil((guestAddress + length) / HUGE_PAGE) * HUGE_PAGE;
    const host = this.hostAddress(start, end - start);
    if (host >= 0) adviseMemory(host, end - start, MADV.HUGEPAGE);
  }

  [Symbol.dispose](): void {
    this.#mapping?.[Symbol.dispose]();
  }
}

const ANONYMOUS = MAP.PRIVATE | MAP.ANONYMOUS | MAP.NORESERVE;

/**
 * Made when first needed: JavaScriptCore takes the memory behind a buffer for garbage it may have to collect, so one on all
 * of a guest's memory costs every start a collection.
 */
function windowsOn(regions: readonly Region[]): Window[] {
  return regions.flatMap(({ size, hostAddress }) =>
    Array.from({ length: Math.ceil(size / WINDOW) }, (_, i) => {
      const start = hostAddress + i * WINDOW;
      return { hostAddress: start, bytes: new Uint8Array(memoryAt(start, Math.min(WINDOW, size - i * WINDOW))) };
    }),
  );
}

function mapNormal(bytes: number): Mapping {
  return Mapping.create(bytes + HUGE_PAGE, { about: `${bytes / MIB} MiB of guest memory`, flags: ANONYMOUS });
}

function mapHuge(bytes: number): Mapping {
  const about = `${bytes / MIB} MiB of guest memory in 2 MiB pages`;
  const flags = MAP.PRIVATE | MAP.ANONYMOUS | MAP.HUGETLB | MAP.HUGE_2MB;
  try {
    return Mapping.create(bytes, { about, flags });
  } catch (error) {
    const pages = bytes / HUGE_PAGE;
    const mend = `too few are free: it takes ${pages} (see /proc/meminfo); sysctl vm.nr_hugepages=N reserves them`;
    throw error instanceof SystemError ? new SystemError(error.call, error.errno, `${about}: ${mend}`) : error;
  }
}

function outside(guestAddress: number, length: number): RangeError {
  return new RangeError(`${length} bytes at guest address 0x${guestAddress.toString(16)} are outside RAM`);
}
