/** The virtio devices of a VM, in the shape of Firecracker's config file; fields it does not have are marked. */
import * as v from "valibot";
import { areDistinct, deviceId, oneOf, path, text, unicastMac, whole } from "./fields.ts";

/** 2^53 - 1, and 2^32 - 1: what the arithmetic and the devices hold. */
const EXACT = Number.MAX_SAFE_INTEGER;
const U32 = 2 ** 32 - 1;
/** 104 days, in milliseconds: nanoseconds of it are exact. */
const MOST_REFILL_MS = Math.floor(EXACT / 1e6);

/** A budget of bytes or operations that refills over time. Size or time 0: no limit. */
export const tokenBucket = v.strictObject({
  /** Tokens it holds: bytes, or operations. */
  size: whole(0, EXACT),
  /** More, once, at the start. */
  one_time_burst: v.optional(whole(0, EXACT), 0),
  /** Milliseconds it takes to fill. */
  refill_time: whole(0, MOST_REFILL_MS),
});

export const rateLimiter = v.strictObject({
  bandwidth: v.optional(tokenBucket),
  ops: v.optional(tokenBucket),
});

const drive = v.strictObject({
  drive_id: deviceId,
  path_on_host: path,
  /** The guest boots from it: it comes first, and `root=` names it. */
  is_root_device: v.optional(v.boolean(), false),
  /** The partition that is the root, if not the whole disk is. */
  partuuid: v.optional(v.pipe(v.string(), v.regex(/^[0-9A-Fa-f-]{1,36}$/, "must be the UUID of a partition"))),
  is_read_only: v.optional(v.boolean(), false),
  /** Writeback: a flush of the guest's reaches the disk. Unsafe: it is dropped. */
  cache_type: v.optional(oneOf("Unsafe", "Writeback"), "Writeback"),
  /** Async: io_uring, where the host has it. Sync: preadv and pwritev. */
  io_engine: v.optional(oneOf("Sync", "Async"), "Async"),
  rate_limiter: v.optional(rateLimiter),
  /** volt's: around the host's page cache (O_DIRECT). */
  direct: v.optional(v.boolean(), false),
  /** volt's. */
  num_queues: v.optional(whole(1, 8), 1),
});

const interfaceFields = v.strictObject({
  iface_id: deviceId,
  /** A TAP device that exists: 15 bytes are what a name may have. */
  host_dev_name: v.pipe(
    v.string(),
    v.regex(/^[^\s/\0]{1,15}$/, "must be the name of a TAP device, 1 to 15 characters"),
  ),
  /** Without one the guest picks its own. */
  guest_mac: v.optional(v.pipe(v.string(), unicastMac)),
  mtu: v.optional(whole(68, 65_535)),
  rx_rate_limiter: v.optional(rateLimiter),
  tx_rate_limiter: v.optional(rateLimiter),
  /** volt's: the data path in the host's kernel. */
  vhost: v.optional(v.boolean(), false),
  /** volt's: pairs of a receive and a transmit queue. The TAP needs IFF_MULTI_QUEUE for more than one. */
  queue_pairs: v.optional(whole(1, 7), 1),
});
const networkInterface = v.pipe(
  interfaceFields,
  v.forward(
    v.check(
      ({ vhost, rx_rate_limiter, tx_rate_limiter }) => !vhost || !(rx_rate_limiter || tx_rate_limiter),
      "can't be had with a rate limiter: packets then do not pass volt; limit the TAP (tc qdisc), or leave vhost out",
    ),
    ["vhost"],
  ),
);

const vsockFields = v.strictObject({
  /** 0 to 2 and the last one mean others than a guest. */
  guest_cid: whole(3, U32 - 1),
  /** Where the host's side of connections is. 96 bytes leave room for `_PORT` in a socket's 108. */
  uds_path: v.optional(v.pipe(path, v.maxBytes(96, "must have at most 96 bytes"))),
  vsock_id: v.optional(text),
  /** volt's: AF_VSOCK of the host's kernel instead of `uds_path`. */
  vhost: v.optional(v.boolean(), false),
});
export const vsock = v.pipe(
  vsockFields,
  v.forward(
    v.check(({ uds_path, vhost }) => vhost || uds_path !== undefined, "must say where the host's socket is"),
    ["uds_path"],
  ),
  v.forward(
    v.check(
      ({ uds_path, vhost }) => !vhost || uds_path === undefined,
      "has no meaning with vhost: give one of the two",
    ),
    ["uds_path"],
  ),
);

export const balloon = v.strictObject({
  /** Memory taken from the guest, in MiB. */
  amount_mib: v.optional(whole(0, 2 ** 24), 0),
  /** The guest takes pages back before it kills a process for want of memory. */
  deflate_on_oom: v.optional(v.boolean(), true),
  /** Seconds between statistics; 0: none. */
  stats_polling_interval_s: v.optional(whole(0, 65_535), 0),
  free_page_hinting: v.optional(v.boolean(), false),
  /** Memory that the guest frees goes back to the host. */
  free_page_reporting: v.optional(v.boolean(), true),
});

export const entropy = v.strictObject({ rate_limiter: v.optional(rateLimiter) });

export const drives = v.pipe(
  v.array(drive),
  v.check((list) => areDistinct(list.map(({ drive_id }) => drive_id)), "have a drive_id twice: each needs its own"),
  v.check(
    (list) => list.filter(({ is_root_device }) => is_root_device).length < 2,
    "have two root disks: a VM has one",
  ),
);

export const networkInterfaces = v.pipe(
  v.array(networkInterface),
  v.check((list) => areDistinct(list.map(({ iface_id }) => iface_id)), "have an iface_id twice: each needs its own"),
  v.check(
    (list) => areDistinct(list.map(({ host_dev_name }) => host_dev_name)),
    "have a TAP device twice: each needs its own",
  ),
  v.check(
    (list) => areDistinct(list.flatMap(({ guest_mac }) => guest_mac?.toLowerCase() ?? [])),
    "have a MAC address twice: each needs its own",
  ),
);

export type RateLimiterConfig = v.InferOutput<typeof rateLimiter>;
export type TokenBucketConfig = v.InferOutput<typeof tokenBucket>;
export type DriveConfig = v.InferOutput<typeof drive>;
export type NetworkInterfaceConfig = v.InferOutput<typeof networkInterface>;
export type BalloonConfig = v.InferOutput<typeof balloon>;
