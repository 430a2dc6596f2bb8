/**
 * A vCPU's `struct kvm_run`, the page it shares with the kernel, read through typed arrays.
 *
 * This is the hot path: every getter is one load from memory, nothing is allocated.
 */
import { memoryAt } from "../memory.ts";
import { RUN } from "./layouts.ts";

const F = RUN.fields;
const EXIT_REASON = F.exit_reason.offset >> 2;
const IMMEDIATE_EXIT = F.immediate_exit.offset;
const IO_DIRECTION = F["io.direction"].offset;
const IO_SIZE = F["io.size"].offset;
const IO_PORT = F["io.port"].offset >> 1;
const IO_COUNT = F["io.count"].offset >> 2;
const IO_DATA_OFFSET = F["io.data_offset"].offset >> 2;
const MMIO_ADDRESS = F["mmio.phys_addr"].offset >> 2;
const MMIO_DATA = F["mmio.data"].offset;
const MMIO_LENGTH = F["mmio.len"].offset >> 2;
const MMIO_IS_WRITE = F["mmio.is_write"].offset;

export class KvmRun {
  /** The whole mapping, for the data of port I/O (at `ioDataOffset`) and MMIO (at `mmioDataOffset`). */
  readonly bytes: Uint8Array;
  readonly #halves: Uint16Array;
  readonly #words: Uint32Array;

  constructor(memory: ArrayBuffer) {
    this.bytes = new Uint8Array(memory);
    this.#halves = new Uint16Array(memory);
    this.#words = new Uint32Array(memory);
  }

  /** One of `Exit`. */
  get exitReason(): number {
    return this.#words[EXIT_REASON]!;
  }
  /** Set from another thread: KVM_RUN comes back with EINTR, but first finishes the access that is under way. */
  get immediateExit(): boolean {
    return this.bytes[IMMEDIATE_EXIT] !== 0;
  }
  set immediateExit(wanted: boolean) {
    this.bytes[IMMEDIATE_EXIT] = wanted ? 1 : 0;
  }

  get ioIsOut(): boolean {
    return this.bytes[IO_DIRECTION] !== 0;
  }
  /** 1, 2 or 4 bytes. */
  get ioSize(): number {
    return this.bytes[IO_SIZE]!;
  }
  get ioPort(): number {
    return this.#halves[IO_PORT]!;
  }
  /** How many accesses of `ioSize`: more than one for `rep ins` and `rep outs`. */
  get ioCount(): number {
    return this.#words[IO_COUNT]!;
  }
  /** Where in `bytes` the data is. The kernel wrote it: inside the mapping. */
  get ioDataOffset(): number {
    return this.#words[IO_DATA_OFFSET]!;
  }

  /** Guest-physical address; exact below 2^53, and no device lives above. */
  get mmioAddress(): number {
    return this.#words[MMIO_ADDRESS + 1]! * 0x1_0000_0000 + this.#words[MMIO_ADDRESS]!;
  }
  get mmioIsWrite(): boolean {
    return this.bytes[MMIO_IS_WRITE] !== 0;
  }
  /** 1 to 8 bytes. */
  get mmioLength(): number {
    return this.#words[MMIO_LENGTH]!;
  }
  get mmioDataOffset(): number {
    return MMIO_DATA;
  }

  /** KVM_EXIT_SYSTEM_EVENT: 1 shutdown, 2 reset, 3 crash. */
  get systemEvent(): number {
    return this.#words[F["system_event.type"].offset >> 2]!;
  }
  /** KVM_EXIT_INTERNAL_ERROR's suberror. */
  get internalError(): number {
    return this.#words[F["internal.suberror"].offset >> 2]!;
  }
  /** KVM_EXIT_FAIL_ENTRY's hardware reason, low half. */
  get entryFailure(): number {
    return this.#words[F["fail_entry.hardware_entry_failure_reason"].offset >> 2]!;
  }
}

/** Sets `immediate_exit` in the kvm_run at `address`, which another thread runs. */
export function setImmediateExit(address: number): void {
  new Uint8Array(memoryAt(address + IMMEDIATE_EXIT, 1))[0] = 1;
}
