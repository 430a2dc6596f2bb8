/** Memory of a disk that the kernel is given addresses of, made once: requests allocate nothing. */
import { IOVEC } from "../../../../ffi/iovec.ts";
import { Mapping, PROT } from "../../../../ffi/memory.ts";

import { MAX_QUEUE_SIZE } from "../queue/layout.ts";
import { HEADER_BYTES, ID_BYTES, RequestStatus } from "./layout.ts";

/** Requests of one disk that may be under way at once. */
export const SLOTS = 128;
/** A chain's parts, less one that its header or status always has of its own: there is one to spare. */
export const SLOT_IOVECS = MAX_QUEUE_SIZE;
const SLOT_BYTES = SLOT_IOVECS * IOVEC.size;

/** Where things are in the first page. */
const SCRATCH = 0;
const STATUSES = 64;
const ID = 128;
const FIRST_PAGE_BYTES = 4096;

/** Zeros for a filesystem that can't make any itself. Never written, it is one page of the kernel's over and over. */
export const ZERO_BYTES = 2 ** 20;
/** What goes at once through a slot's bounce buffer. */
export const BOUNCE_BYTES = 64 * 1024;

export class DiskMemory implements Disposable {
  /** A copy of what a request's header, or segment, is: read once, from here. */
  readonly scratch: Uint32Array;
  readonly scratchAddress: number;
  readonly idAddress: number;
  readonly zeroAddress: number;
  /** Every slot's iovecs as 32-bit words, SLOT_IOVECS each. */
  readonly iovecs: Uint32Array;
  readonly #iovecAddress: number;
  readonly #statusAddress: number;
  readonly #bounceAddress: number;
  readonly #mappings: readonly Mapping[];

  /** @param id what GET_ID answers @param bounces whether there are bounce buffers: pages of them come when used */
  constructor(id: string, bounces: boolean) {
    const main = Mapping.create(FIRST_PAGE_BYTES + SLOTS * SLOT_BYTES, { about: "a disk's buffer lists" });
    const zeros = Mapping.create(ZERO_BYTES, { about: "zeros for a disk", protection: PROT.READ });
    const bounce = bounces ? Mapping.create(SLOTS * BOUNCE_BYTES, { about: "a disk's aligned buffers" }) : undefined;
    this.#mappings = bounce ? [main, zeros, bounce] : [main, zeros];
    this.scratch = new Uint32Array(main.view(SCRATCH, HEADER_BYTES));
    this.scratchAddress = main.address + SCRATCH;
    this.#statusAddress = main.address + STATUSES;
    new Uint8Array(main.view(STATUSES)).set(Object.values(RequestStatus));
    this.idAddress = main.address + ID;
    new TextEncoder().encodeInto(id, new Uint8Array(main.view(ID, ID_BYTES)));
    this.#iovecAddress = main.address + FIRST_PAGE_BYTES;
    this.iovecs = new Uint32Array(main.view(FIRST_PAGE_BYTES));
    this.zeroAddress = zeros.address;
    this.#bounceAddress = bounce?.address ?? 0;
  }

  /** Where a byte of this status is. */
  statusAddress(status: number): number {
    return this.#statusAddress + status;
  }

  iovecAddress(slot: number, index: number): number {
    return this.#iovecAddress + slot * SLOT_BYTES + index * IOVEC.size;
  }

  bounceAddress(slot: number): number {
    return this.#bounceAddress + slot * BOUNCE_BYTES;
  }

  [Symbol.dispose](): void {
    for (const mapping of this.#mappings) mapping[Symbol.dispose]();
  }
}
