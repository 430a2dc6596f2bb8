/** The block device's configuration space (virtio 1.2, section 5.2.4). All of it is read-only. */
import { type Field, layout, pack, u8, u16, u32, u64 } from "../../../../ffi/abi.ts";
import { MAX_QUEUE_SIZE } from "../queue/layout.ts";
import { MAX_SEGMENT_SECTORS, MAX_SEGMENTS, SECTOR_BYTES } from "./layout.ts";

export const BLK_CONFIG = layout("struct virtio_blk_config", "linux/virtio_blk.h", 72, {
  capacity: u64(0),
  seg_max: u32(12),
  blk_size: u32(20),
  physical_block_exp: u8(24),
  min_io_size: u16(26),
  num_queues: u16(34),
  max_discard_sectors: u32(36),
  max_discard_seg: u32(40),
  discard_sector_alignment: u32(44),
  max_write_zeroes_sectors: u32(48),
  max_write_zeroes_seg: u32(52),
  write_zeroes_may_unmap: u8(56),
});

/** Buffers of data in one request: all descriptors but those of the header and the status. */
const SEG_MAX = MAX_QUEUE_SIZE - 2;

/** What the driver is told of a disk. */
export interface BlkGeometry {
  /** In sectors of 512 bytes. */
  readonly capacity: number;
  /** Bytes that one access can't be smaller than. */
  readonly blockSize: number;
  /** Bytes that an access is best a multiple of. */
  readonly physicalSize: number;
  readonly queues: number;
}

export function blkConfig({ capacity, blockSize, physicalSize, queues }: BlkGeometry): Uint8Array {
  const blocks = physicalSize / blockSize;
  return pack(BLK_CONFIG, {
    capacity,
    seg_max: SEG_MAX,
    blk_size: blockSize,
    physical_block_exp: Math.log2(blocks),
    min_io_size: blocks,
    num_queues: queues,
    max_discard_sectors: MAX_SEGMENT_SECTORS,
    max_discard_seg: MAX_SEGMENTS,
    discard_sector_alignment: physicalSize / SECTOR_BYTES,
    max_write_zeroes_sectors: MAX_SEGMENT_SECTORS,
    max_write_zeroes_seg: MAX_SEGMENTS,
    write_zeroes_may_unmap: 1,
  });
}

export const CAPACITY: Field = BLK_CONFIG.fields.capacity;

/** The capacity alone, as it lies at `CAPACITY`. */
export function capacityBytes(capacity: number): Uint8Array {
  return pack(BLK_CONFIG, { capacity }).subarray(0, CAPACITY.bytes);
}
