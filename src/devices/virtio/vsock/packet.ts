/** The header every vsock packet starts with (virtio 1.2, 5.10.6), and where it lies in a chain's buffers. */
import type { IoVector } from "../../../../ffi/iovec.ts";
import { addressOf, copyMemory } from "../../../../ffi/memory.ts";
import type { DescriptorChain } from "../queue/chain.ts";

export const HEADER_BYTES = 44;
/** VMADDR_CID_HOST: how a guest calls its host. */
export const HOST_CID = 2;
/** VIRTIO_VSOCK_TYPE_STREAM: the one type of socket volt's has. */
export const TYPE_STREAM = 1;
/** The most data of one packet, either way: what Linux sends at most. */
export const MAX_DATA_BYTES = 64 * 1024;

/** VIRTIO_VSOCK_OP_*. */
export const Op = {
  REQUEST: 1,
  RESPONSE: 2,
  RST: 3,
  SHUTDOWN: 4,
  RW: 5,
  CREDIT_UPDATE: 6,
  CREDIT_REQUEST: 7,
} as const;

/** VIRTIO_VSOCK_SHUTDOWN_F_*: what the sender of a SHUTDOWN will not do any more. */
export const Shutdown = { RECEIVE: 1, SEND: 2, BOTH: 3 } as const;

/** Fields as 32-bit words; a CID's upper half is reserved and 0. */
const Field = {
  SRC_CID: 0,
  DST_CID: 2,
  SRC_PORT: 4,
  DST_PORT: 5,
  LEN: 6,
  TYPE_OP: 7,
  FLAGS: 8,
  BUF_ALLOC: 9,
  FWD_CNT: 10,
};

/**
 * One header in memory of volt's own. A guest's is copied here before anything in it is looked at: whatever the guest does
 * to its memory then, every field was read once.
 */
export class PacketHeader {
  readonly words = new Uint32Array(new ArrayBuffer(HEADER_BYTES));
  readonly #address = addressOf(this.words);

  /** Takes the header off a chain's readable parts. @returns false when they are shorter than one */
  readFrom(chain: DescriptorChain): boolean {
    if (chain.readableBytes < HEADER_BYTES) return false;
    for (let part = 0, done = 0; done < HEADER_BYTES; part++) {
      const length = Math.min(chain.lengths[part]!, HEADER_BYTES - done);
      copyMemory(this.#address + done, chain.addresses[part]!, length);
      done += length;
    }
    return true;
  }

  /** Puts the header where a chain's writable parts begin: they have room for it. */
  writeTo(chain: DescriptorChain): void {
    for (let part = chain.readableParts, done = 0; done < HEADER_BYTES; part++) {
      const length = Math.min(chain.lengths[part]!, HEADER_BYTES - done);
      copyMemory(chain.addresses[part]!, this.#address + done, length);
      done += length;
    }
  }

  /** Whether it is from this guest, to its host. CIDs are 64 bits wide, and all of them count. */
  isBetween(guestCid: number, hostCid: number): boolean {
    const { words } = this;
    const { SRC_CID, DST_CID } = Field;
    return (
      words[SRC_CID] === guestCid && words[SRC_CID + 1] === 0 && words[DST_CID] === hostCid && words[DST_CID + 1] === 0
    );
  }

  /** All fields of a packet to the guest but the credit's. */
  address(guestCid: number, hostPort: number, guestPort: number, op: number): void {
    const { words } = this;
    words.fill(0);
    words[Field.SRC_CID] = HOST_CID;
    words[Field.DST_CID] = guestCid;
    words[Field.SRC_PORT] = hostPort;
    words[Field.DST_PORT] = guestPort;
    words[Field.TYPE_OP] = (op << 16) | TYPE_STREAM;
  }

  get sourcePort(): number {
    return this.words[Field.SRC_PORT]!;
  }
  get destinationPort(): number {
    return this.words[Field.DST_PORT]!;
  }
  /** Bytes of data behind the header. */
  get length(): number {
    return this.words[Field.LEN]!;
  }
  set length(bytes: number) {
    this.words[Field.LEN] = bytes;
  }
  get type(): number {
    return this.words[Field.TYPE_OP]! & 0xffff;
  }
  set type(type: number) {
    this.words[Field.TYPE_OP] = (this.words[Field.TYPE_OP]! & 0xffff_0000) | type;
  }
  get op(): number {
    return this.words[Field.TYPE_OP]! >>> 16;
  }
  get flags(): number {
    return this.words[Field.FLAGS]!;
  }
  set flags(flags: number) {
    this.words[Field.FLAGS] = flags;
  }
  /** The sender's room for data, all in all, and how much of what it got it has passed on: see `Credit`. */
  get allocated(): number {
    return this.words[Field.BUF_ALLOC]!;
  }
  set allocated(bytes: number) {
    this.words[Field.BUF_ALLOC] = bytes;
  }
  get forwarded(): number {
    return this.words[Field.FWD_CNT]!;
  }
  set forwarded(bytes: number) {
    this.words[Field.FWD_CNT] = bytes;
  }
}

/** Lists the `length` bytes of data behind a header in the readable parts: they are there. */
export function readableData(chain: DescriptorChain, length: number, into: IoVector): void {
  into.clear();
  dataOf(chain, 0, chain.readableParts, length, into);
}

/** Adds `length` bytes that may be written behind a header in the writable parts: there is room for them. */
export function writableData(chain: DescriptorChain, length: number, into: IoVector): void {
  dataOf(chain, chain.readableParts, chain.readableParts + chain.writableParts, length, into);
}

function dataOf(chain: DescriptorChain, first: number, end: number, length: number, into: IoVector): void {
  let skip = HEADER_BYTES;
  let rest = length;
  for (let part = first; part < end && rest > 0; part++) {
    const size = chain.lengths[part]!;
    const from = Math.min(skip, size);
    skip -= from;
    const taken = Math.min(size - from, rest);
    rest -= taken;
    if (taken > 0) into.add(chain.addresses[part]! + from, taken);
  }
}
