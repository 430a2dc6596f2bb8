import { FALLOC_FL } from "../../../../ffi/vectored-io.ts";
import { toNumber } from "../queue/address.ts";
import type { Disk } from "./disk.ts";
import { MAX_SEGMENT_SECTORS, RequestStatus, SECTOR_BYTES, Segment, WRITE_ZEROES_UNMAP } from "./layout.ts";

/** The stretch that a discard or write-zeroes is about (virtio 1.2, 5.2.6), and the ways there are to empty it. */
export class Range {
  /** Bytes in the file: where it begins, how many are left. */
  offset = 0;
  left = 0;
  isDiscard = false;
  readonly #disk: Disk;
  /** It may become a hole. */
  #mayUnmap = false;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Takes the segment that was copied to the scratch words. @returns OK when there is anything to check no more */
  begin(isDiscard: boolean): number {
    const { memory, isReadOnly } = this.#disk;
    const { scratch } = memory;
    const sector = toNumber(scratch[Segment.SECTOR_LOW]!, scratch[Segment.SECTOR_HIGH]!);
    const sectors = scratch[Segment.SECTORS]!;
    const flags = scratch[Segment.FLAGS]!;
    if (isReadOnly) return RequestStatus.IOERR;
    // 5.2.6.2: a discard knows no flag, and unknown ones are not supported.
    if ((flags & ~(isDiscard ? 0 : WRITE_ZEROES_UNMAP)) !== 0) return RequestStatus.UNSUPP;
    if (sectors > MAX_SEGMENT_SECTORS || !this.#disk.holds(sector, sectors)) return RequestStatus.IOERR;
    this.isDiscard = isDiscard;
    this.offset = sector * SECTOR_BYTES;
    this.left = sectors * SECTOR_BYTES;
    this.#mayUnmap = isDiscard || flags === WRITE_ZEROES_UNMAP;
    return RequestStatus.OK;
  }

  /** fallocate's mode for the best way the disk is not known to lack, or 0 when there is none. */
  mode(): number {
    const { canPunch, canZero } = this.#disk;
    if (this.#mayUnmap && canPunch) return FALLOC_FL.PUNCH_HOLE | FALLOC_FL.KEEP_SIZE;
    if (!this.isDiscard && canZero) return FALLOC_FL.ZERO_RANGE | FALLOC_FL.KEEP_SIZE;
    return 0;
  }

  /** The file system knows no such mode (EOPNOTSUPP), and never will. */
  lacks(mode: number): void {
    if ((mode & FALLOC_FL.PUNCH_HOLE) !== 0) this.#disk.canPunch = false;
    else this.#disk.canZero = false;
  }

  /** `done` bytes are zeros now. */
  advance(done: number): void {
    this.offset += done;
    this.left -= done;
  }
}
