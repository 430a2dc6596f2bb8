import { COMMON_FEATURES, featureSet } from "../features.ts";
import type { Disk } from "./disk.ts";
import * as feature from "./layout.ts";

/** What a disk offers its driver (virtio 1.2, 5.2.3). */
export function offeredFeatures({ isReadOnly, dropsFlushes }: Disk, queues: number): bigint {
  return (
    COMMON_FEATURES |
    featureSet(feature.VIRTIO_BLK_F_SEG_MAX, feature.VIRTIO_BLK_F_BLK_SIZE, feature.VIRTIO_BLK_F_TOPOLOGY) |
    (isReadOnly
      ? featureSet(feature.VIRTIO_BLK_F_RO)
      : featureSet(feature.VIRTIO_BLK_F_DISCARD, feature.VIRTIO_BLK_F_WRITE_ZEROES)) |
    // Without it a driver knows that there is no cache to flush.
    (dropsFlushes ? 0n : featureSet(feature.VIRTIO_BLK_F_FLUSH)) |
    (queues > 1 ? featureSet(feature.VIRTIO_BLK_F_MQ) : 0n)
  );
}
