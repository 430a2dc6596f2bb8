/** Sections of a microVM as Firecracker has them: which fields there are, in its order, which errors show, and what they are if left out. */
import * as v from "valibot";
import { bootArgs, oneOf, path, text, unicastMac, whole } from "../config/fields.ts";
import { DEFAULT_MMDS_ADDRESS } from "../config/mmds.ts";

const U8 = 2 ** 8 - 1;
const U16 = 2 ** 16 - 1;
const U32 = 2 ** 32 - 1;
const EXACT = Number.MAX_SAFE_INTEGER;

/** Fields that are none of its own pass here: Firecracker lets them. */
const tokenBucket = v.object({
  size: whole(0, EXACT),
  one_time_burst: v.optional(whole(0, EXACT)),
  refill_time: whole(0, EXACT),
});
const rateLimiter = v.strictObject({ bandwidth: v.optional(tokenBucket), ops: v.optional(tokenBucket) });

export const bootSource = v.strictObject({
  kernel_image_path: path,
  initrd_path: v.optional(path),
  boot_args: v.optional(bootArgs),
});

const machineFields = {
  vcpu_count: whole(0, U8),
  mem_size_mib: whole(0, EXACT),
  smt: v.optional(v.boolean()),
  cpu_template: v.optional(oneOf("C3", "T2", "T2S", "T2CL", "T2A", "V1N1", "None")),
  track_dirty_pages: v.optional(v.boolean()),
  huge_pages: v.optional(oneOf("None", "Transparent", "2M")),
};
export const machineConfig = v.strictObject(machineFields);
export const machineConfigPatch = v.strictObject({
  ...machineFields,
  vcpu_count: v.optional(machineFields.vcpu_count),
  mem_size_mib: v.optional(machineFields.mem_size_mib),
});

export const drive = v.strictObject({
  drive_id: text,
  partuuid: v.optional(text),
  is_root_device: v.boolean(),
  cache_type: v.optional(oneOf("Unsafe", "Writeback"), "Unsafe"),
  is_read_only: v.optional(v.boolean(), false),
  path_on_host: v.optional(path),
  rate_limiter: v.optional(rateLimiter),
  io_engine: v.optional(oneOf("Sync", "Async"), "Sync"),
  socket: v.optional(path),
});

export const networkInterface = v.strictObject({
  iface_id: text,
  host_dev_name: path,
  guest_mac: v.optional(v.pipe(text, unicastMac)),
  mtu: v.optional(whole(68, U16)),
  rx_rate_limiter: v.optional(rateLimiter),
  tx_rate_limiter: v.optional(rateLimiter),
});

export const vsock = v.strictObject({ vsock_id: v.optional(text), guest_cid: whole(0, U32), uds_path: path });

export const balloon = v.strictObject({
  amount_mib: whole(0, U32),
  deflate_on_oom: v.boolean(),
  stats_polling_interval_s: v.optional(whole(0, U16), 0),
  free_page_hinting: v.optional(v.boolean(), false),
  free_page_reporting: v.optional(v.boolean(), false),
});

export const entropy = v.strictObject({ rate_limiter: v.optional(rateLimiter) });

export const mmdsConfig = v.strictObject({
  version: v.optional(oneOf("V1", "V2"), "V1"),
  network_interfaces: v.array(text),
  ipv4_address: v.optional(text, DEFAULT_MMDS_ADDRESS),
  imds_compat: v.optional(v.boolean(), false),
});

export const serial = v.strictObject({ serial_out_path: v.optional(path), rate_limiter: v.optional(tokenBucket) });

export const logger = v.strictObject({
  log_path: v.optional(path),
  level: v.optional(text),
  show_level: v.optional(v.boolean()),
  show_log_origin: v.optional(v.boolean()),
  module: v.optional(text),
});

/** Fields that are none of its own pass here, as in a token bucket. */
export const metrics = v.object({
  metrics_path: path,
  emit_id: v.optional(v.boolean(), false),
  properties: v.optional(v.record(v.string(), v.string())),
});

export type BootSource = v.InferOutput<typeof bootSource>;
export type MachineConfig = v.InferOutput<typeof machineConfig>;
export type Drive = v.InferOutput<typeof drive>;
export type NetworkInterface = v.InferOutput<typeof networkInterface>;
export type Vsock = v.InferOutput<typeof vsock>;
export type Balloon = v.InferOutput<typeof balloon>;
export type Entropy = v.InferOutput<typeof entropy>;
export type Metrics = v.InferOutput<typeof metrics>;
export type MmdsConfig = v.InferOutput<typeof mmdsConfig>;
export type Serial = v.InferOutput<typeof serial>;
export type Logger = v.InferOutput<typeof logger>;
