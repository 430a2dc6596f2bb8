/** The block device's requests under the specification's names (virtio 1.2, section 5.2). */

/** Feature bits (5.2.3). */
export const VIRTIO_BLK_F_SEG_MAX = 2;
export const VIRTIO_BLK_F_RO = 5;
export const VIRTIO_BLK_F_BLK_SIZE = 6;
export const VIRTIO_BLK_F_FLUSH = 9;
export const VIRTIO_BLK_F_TOPOLOGY = 10;
export const VIRTIO_BLK_F_MQ = 12;
export const VIRTIO_BLK_F_DISCARD = 13;
export const VIRTIO_BLK_F_WRITE_ZEROES = 14;

/** The unit of capacity, positions and lengths, whatever the disk's own sector size is. */
export const SECTOR_BYTES = 512;

/** A request's header (5.2.6): type, reserved, sector. */
export const HEADER_BYTES = 16;
/** As 32-bit words. */
export const Header = { TYPE: 0, SECTOR_LOW: 2, SECTOR_HIGH: 3 } as const;

/** What a request asks for: VIRTIO_BLK_T_. */
export const RequestType = { IN: 0, OUT: 1, FLUSH: 4, GET_ID: 8, DISCARD: 11, WRITE_ZEROES: 13 } as const;

/** How it went: VIRTIO_BLK_S_, the last byte the device may write. */
export const RequestStatus = { OK: 0, IOERR: 1, UNSUPP: 2 } as const;

/** What GET_ID answers, padded with zeros. */
export const ID_BYTES = 20;

/** What a discard or write-zeroes is about: sector, number of sectors, flags. */
export const SEGMENT_BYTES = 16;
/** As 32-bit words. */
export const Segment = { SECTOR_LOW: 0, SECTOR_HIGH: 1, SECTORS: 2, FLAGS: 3 } as const;
/** Of write-zeroes: the range may become a hole. */
export const WRITE_ZEROES_UNMAP = 1;
/** Segments of one such request. */
export const MAX_SEGMENTS = 1;
/** Sectors of one such request: 1 GiB, so that none keeps its worker for long. */
export const MAX_SEGMENT_SECTORS = 2 ** 21;
