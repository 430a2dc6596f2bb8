import { discardRange } from "../../../../ffi/block-device.ts";
import { Errno } from "../../../../ffi/error.ts";
import { FALLOC_FL } from "../../../../ffi/vectored-io.ts";
import { toNumber } from "../queue/address.ts";
import type { DescriptorChain } from "../queue/chain.ts";
import type { Queue } from "../queue/queue.ts";
import type { Disk } from "./disk.ts";
import { type Operation, OperationKind } from "./engine/operation.ts";
import {
  HEADER_BYTES,
  Header,
  ID_BYTES,
  MAX_SEGMENT_SECTORS,
  RequestStatus,
  RequestType,
  SECTOR_BYTES,
  SEGMENT_BYTES,
  Segment,
  WRITE_ZEROES_UNMAP,
} from "./layout.ts";
import { BOUNCE_BYTES, ZERO_BYTES } from "./memory.ts";
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

  kind: OperationKind = READ;
  offset = 0;
  length = 0;
  vector = 0;
  count = 0;
  mode = 0;
  result = 0;

  readonly #disk: Disk;
  readonly #transfer: Transfer;
  /** Where the status goes in this process, or -1; bytes the device may write before it. */
  #statusAddress = -1;
  #writable = 0;
  #bounces = false;
  /** Of a discard or write-zeroes: what is left of its range in bytes, and whether it may become a hole. */
  #rangeLeft = 0;
  #mayUnmap = false;
  #retries = 0;

  constructor(disk: Disk, slot: number) {
    this.#disk = disk;
    this.slot = slot;
    this.#transfer = new Transfer(disk.memory, slot);
  }

  /** Takes a chain. @returns PENDING with the first operation set, or a status */
  begin(chain: DescriptorChain, queue: Queue): number {
    this.queue = queue;
    this.head = chain.head;
    this.type = -1;
    this.moved = 0;
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
    if ((result === -Errno.EINTR || result === -Errno.EAGAIN) && this.#retries++ < MOST_RETRIES) return PENDING;
    if (this.kind === SYNC) return result < 0 ? IOERR : OK;
    if (this.kind === ALLOCATE) return this.#landAllocate();
    // 0: the file ends before what the driver was told is its end. Somebody cut it short.
    if (result <= 0) return IOERR;
    if (this.type !== RequestType.WRITE_ZEROES) return this.#landTransfer();
    this.#rangeLeft -= result;
    this.offset += result;
    return this.#rangeLeft > 0 ? this.#writeZeros() : this.#written();
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
    const disk = this.#disk;
    if (disk.isReadOnly || chain.readableBytes !== HEADER_BYTES + SEGMENT_BYTES) return IOERR;
    this.#copyToScratch(chain, HEADER_BYTES);
    const { scratch } = disk.memory;
    const sector = toNumber(scratch[Segment.SECTOR_LOW]!, scratch[Segment.SECTOR_HIGH]!);
    const sectors = scratch[Segment.SECTORS]!;
    const flags = scratch[Segment.FLAGS]!;
    const isDiscard = this.type === RequestType.DISCARD;
    // 5.2.6.2: a discard knows no flag, and unknown ones are not supported.
    if ((flags & ~(isDiscard ? 0 : WRITE_ZEROES_UNMAP)) !== 0) return UNSUPP;
    if (sectors > MAX_SEGMENT_SECTORS || !disk.holds(sector, sectors)) return IOERR;
    if (sectors === 0) return OK;
    this.offset = sector * SECTOR_BYTES;
    this.#rangeLeft = sectors * SECTOR_BYTES;
    this.#mayUnmap = isDiscard || flags === WRITE_ZEROES_UNMAP;
    return this.#allocate();
  }

  /** The next way to empty the range that the disk is not known to lack. */
  #allocate(): number {
    const { canPunch, canZero, isBlockDevice, file } = this.#disk;
    const isDiscard = this.type === RequestType.DISCARD;
    this.kind = ALLOCATE;
    this.length = this.#rangeLeft;
    if (this.#mayUnmap && canPunch) this.mode = FALLOC_FL.PUNCH_HOLE | FALLOC_FL.KEEP_SIZE;
    else if (!isDiscard && canZero) this.mode = FALLOC_FL.ZERO_RANGE | FALLOC_FL.KEEP_SIZE;
    else if (!isDiscard) return this.#writeZeros();
    // A device that can discard, but does not promise zeros afterwards, as a hole would. Nothing else can be asked
    // that of without waiting for it.
    else if (isBlockDevice) return discardStatus(discardRange(file.number, this.offset, this.#rangeLeft));
    else return UNSUPP;
    return PENDING;
  }

  #landAllocate(): number {
    if (this.result === 0) return this.#written();
    if (this.result !== -Errno.EOPNOTSUPP) return IOERR;
    if ((this.mode & FALLOC_FL.PUNCH_HOLE) !== 0) this.#disk.canPunch = false;
    else this.#disk.canZero = false;
    return this.#allocate();
  }

  #writeZeros(): number {
    this.kind = WRITE;
    this.#transfer.useBuffer(this.#disk.memory.zeroAddress, Math.min(this.#rangeLeft, ZERO_BYTES));
    return this.#useVector();
  }
}

function discardStatus(result: number): number {
  if (result === 0) return OK;
  return result === -Errno.EOPNOTSUPP ? UNSUPP : IOERR;
}
