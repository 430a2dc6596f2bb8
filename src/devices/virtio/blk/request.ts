import { discardRange } from "../../../../ffi/block-device.ts";
import { Errno, isForLater } from "../../../../ffi/error.ts";
import { toNumber } from "../queue/address.ts";
import type { DescriptorChain } from "../queue/chain.ts";
import type { Queue } from "../queue/queue.ts";
import type { Disk } from "./disk.ts";
import { type Operation, OperationKind } from "./engine/operation.ts";
import { HEADER_BYTES, Header, ID_BYTES, RequestStatus, RequestType, SECTOR_BYTES, SEGMENT_BYTES } from "./layout.ts";
import { BOUNCE_BYTES, ZERO_BYTES } from "./memory.ts";
import { Range } from "./range.ts";
import { Transfer } from "./transfer.ts";

/** What `begin` and `land` say of a request that needs an operation first. */
export const PENDING = -1;
/** No operation moves more: a chain's buffers may be one and the same memory over and over, 4 GiB of it. */
const OPERATION_BYTES = 4 * 2 ** 20;
/** Times an operation is tried again that nothing was wrong with. */
const MOST_RETRIES = 16;

const { OK, IOERR, UNSUPP } = RequestStatus;
const { READ, WRITE, SYNC, ALLOCATE } = OperationKind;

/**
 * One request of a driver (virtio 1.2, section 5.2.6), from its chain to its status: a sequence of operations on the
 * disk's file. There is one object a slot, used for one request after the other.
 */
export class BlkRequest implements Operation {
  readonly slot: number;
  /** Where it came from. */
  queue: Queue | undefined;
  head = 0;
  /** What it is, as the driver wrote it; -1 when it has no header. */
  type = -1;
  /** Bytes of data moved. */
  moved = 0;
  /** The host's file failed it: `kind` and `result` are the operation's that did. */
  hasFailed = false;

  kind: OperationKind = READ;
  offset = 0;
  length = 0;
  vector = 0;
  count = 0;
  mode = 0;
  result = 0;

  readonly #disk: Disk;
  readonly #transfer: Transfer;
  readonly #range: Range;
  /** Where the status goes in this process, or -1; bytes the device may write before it. */
  #statusAddress = -1;
  #writable = 0;
  #bounces = false;
  #retries = 0;

  constructor(disk: Disk, slot: number) {
    this.#disk = disk;
    this.slot = slot;
    this.#transfer = new Transfer(disk.memory, slot);
    this.#range = new Range(disk);
  }

  /** Takes a chain. @returns PENDING with the first operation set, or a status */
  begin(chain: DescriptorChain, queue: Queue): number {
    this.queue = queue;
    this.head = chain.head;
    this.type = -1;
    this.moved = 0;
    this.hasFailed = false;
    this.#retries = 0;
    this.#findStatus(chain);
    if (this.#statusAddress < 0 || chain.readableBytes < HEADER_BYTES) return IOERR;
    this.#copyToScratch(chain, 0);
    const { scratch } = this.#disk.memory;
    this.type = scratch[Header.TYPE]!;
    const sector = toNumber(scratch[Header.SECTOR_LOW]!, scratch[Header.SECTOR_HIGH]!);
    switch (this.type) {
      case RequestType.IN:
        return this.#beginTransfer(READ, sector, chain, chain.readableParts, 0, this.#writable);
      case RequestType.OUT:
        if (this.#disk.isReadOnly) return IOERR;
        return this.#beginTransfer(WRITE, sector, chain, 0, HEADER_BYTES, chain.readableBytes - HEADER_BYTES);
      case RequestType.FLUSH:
        return this.#disk.dropsFlushes || this.#disk.isReadOnly ? OK : this.#sync();
      case RequestType.GET_ID:
        return this.#giveId(chain);
      case RequestType.DISCARD:
      case RequestType.WRITE_ZEROES:
        return this.#beginRange(chain);
      default:
        return UNSUPP;
    }
  }

  /** Takes the result of the operation. @returns PENDING with the next one set, or a status */
  land(): number {
    const { result } = this;
    if (isForLater(result) && this.#retries++ < MOST_RETRIES) return PENDING;
    if (this.kind === ALLOCATE) return this.#landAllocate();
    if (this.kind === SYNC) return result < 0 ? this.#failed() : OK;
    // 0: the file ends before what the driver was told is its end. Somebody cut it short.
    if (result <= 0) return this.#failed();
    return this.type === RequestType.WRITE_ZEROES ? this.#landZeros() : this.#landTransfer();
  }

  #failed(): typeof IOERR {
    this.hasFailed = true;
    return IOERR;
  }

  /** Where the status byte goes, or -1: nobody will hear of it. */
  get statusAddress(): number {
    return this.#statusAddress;
  }

  /** What the used ring says was written, counted from the beginning of the writable parts: data, then the status. */
  get written(): number {
    if (this.#statusAddress < 0) return 0;
    const data = this.type === RequestType.IN || this.type === RequestType.GET_ID ? this.moved : 0;
    return data === this.#writable ? data + 1 : data;
  }

  /** The last byte the device may write, however the driver cut its buffers (2.7.4.3). */
  #findStatus(chain: DescriptorChain): void {
    const { readableParts, writableParts, writableBytes, addresses, lengths } = chain;
    const last = readableParts + writableParts - 1;
    this.#statusAddress = writableParts > 0 ? addresses[last]! + lengths[last]! - 1 : -1;
    this.#writable = Math.max(writableBytes - 1, 0);
  }

  /** Reads 16 bytes of the readable parts, once: the driver may change them while they are judged. */
  #copyToScratch(chain: DescriptorChain, skip: number): void {
    this.#transfer.begin(chain, 0, skip, HEADER_BYTES);
    this.#transfer.gather(this.#disk.memory.scratchAddress, HEADER_BYTES);
  }

  #beginTransfer(
    kind: typeof READ | typeof WRITE,
    sector: number,
    chain: DescriptorChain,
    part: number,
    skip: number,
    bytes: number,
  ): number {
    if (bytes % SECTOR_BYTES !== 0 || !this.#disk.holds(sector, bytes / SECTOR_BYTES)) return IOERR;
    if (bytes === 0) return OK;
    this.kind = kind;
    this.offset = sector * SECTOR_BYTES;
    this.#transfer.begin(chain, part, skip, bytes);
    const { alignment } = this.#disk;
    this.#bounces = alignment !== undefined && !this.#transfer.isAligned(alignment.memory, alignment.offset);
    return this.#nextPiece();
  }

  #nextPiece(): number {
    const transfer = this.#transfer;
    if (this.#bounces) {
      const buffer = this.#disk.memory.bounceAddress(this.slot);
      const bytes = Math.min(transfer.remaining, BOUNCE_BYTES);
      if (this.kind === WRITE) transfer.gather(buffer, bytes);
      transfer.useBuffer(buffer, bytes);
    } else transfer.prepare(OPERATION_BYTES);
    return this.#useVector();
  }

  #useVector(): number {
    const { vector, count, bytes } = this.#transfer;
    this.vector = vector;
    this.count = count;
    this.length = bytes;
    return PENDING;
  }

  #landTransfer(): number {
    const { result } = this;
    const transfer = this.#transfer;
    if (this.#bounces && this.kind === READ) transfer.scatter(this.#disk.memory.bounceAddress(this.slot), result);
    transfer.advance(result);
    this.offset += result;
    this.moved += result;
    if (transfer.remaining > 0) return this.#nextPiece();
    return this.kind === WRITE ? this.#written() : OK;
  }

  /** The file holds what it was to hold. */
  #written(): number {
    return this.#disk.writeThrough ? this.#sync() : OK;
  }

  #sync(): number {
    this.kind = SYNC;
    this.length = 0;
    return PENDING;
  }

  #giveId(chain: DescriptorChain): number {
    if (this.#writable < ID_BYTES) return IOERR;
    this.#transfer.begin(chain, chain.readableParts, 0, ID_BYTES);
    this.#transfer.scatter(this.#disk.memory.idAddress, ID_BYTES);
    this.moved = ID_BYTES;
    return OK;
  }

  #beginRange(chain: DescriptorChain): number {
    if (chain.readableBytes !== HEADER_BYTES + SEGMENT_BYTES) return IOERR;
    this.#copyToScratch(chain, HEADER_BYTES);
    const status = this.#range.begin(this.type === RequestType.DISCARD);
    if (status !== OK || this.#range.left === 0) return status;
    return this.#allocate();
  }

  #allocate(): number {
    const { isBlockDevice, file } = this.#disk;
    const { isDiscard, offset, left } = this.#range;
    this.mode = this.#range.mode();
    this.kind = ALLOCATE;
    this.offset = offset;
    this.length = left;
    if (this.mode !== 0) return PENDING;
    if (!isDiscard) return this.#writeZeros();
    // A device that can discard, but does not promise zeros afterwards as a hole would: it is asked by the one call
    // there is, which waits.
    return isBlockDevice ? discardStatus(discardRange(file.number, offset, left)) : UNSUPP;
  }

  #landAllocate(): number {
    if (this.result === 0) return this.#written();
    if (this.result !== -Errno.EOPNOTSUPP) return this.#failed();
    this.#range.lacks(this.mode);
    return this.#allocate();
  }

  #writeZeros(): number {
    this.kind = WRITE;
    this.offset = this.#range.offset;
    this.#transfer.useBuffer(this.#disk.memory.zeroAddress, Math.min(this.#range.left, ZERO_BYTES));
    return this.#useVector();
  }

  #landZeros(): number {
    this.#range.advance(this.result);
    return this.#range.left > 0 ? this.#writeZeros() : this.#written();
  }
}

function discardStatus(result: number): number {
  if (result === 0) return OK;
  return result === -Errno.EOPNOTSUPP ? UNSUPP : IOERR;
}
