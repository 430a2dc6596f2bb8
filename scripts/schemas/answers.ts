/** What the API answers, as schemas: for its document, and for the tests that judge its answers by it. */
import * as v from "valibot";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const bucket = v.nullish(v.strictObject({ size: count, one_time_burst: v.nullish(count), refill_time: count }));
const limiter = v.nullish(v.strictObject({ bandwidth: bucket, ops: bucket }));

export const fault = v.strictObject({ fault_message: v.string() });

export const instance = v.strictObject({
  id: v.string(),
  state: v.picklist(["Not started", "Running", "Paused"]),
  vmm_version: v.string(),
  app_name: v.string(),
});

export const version = v.strictObject({ firecracker_version: v.string(), volt_version: v.optional(v.string()) });

export const machine = v.object({ vcpu_count: count, mem_size_mib: count });

export const vmConfig = v.object({
  "boot-source": v.record(v.string(), v.unknown()),
  "machine-config": machine,
  drives: v.array(
    v.object({
      drive_id: v.string(),
      path_on_host: v.nullish(v.string()),
      is_root_device: v.boolean(),
      rate_limiter: limiter,
    }),
  ),
  "network-interfaces": v.array(
    v.object({ iface_id: v.string(), host_dev_name: v.string(), rx_rate_limiter: limiter, tx_rate_limiter: limiter }),
  ),
});

export const balloon = v.strictObject({
  amount_mib: count,
  deflate_on_oom: v.boolean(),
  stats_polling_interval_s: count,
  free_page_hinting: v.boolean(),
  free_page_reporting: v.boolean(),
});

export const balloonStatistics = v.objectWithRest(
  { target_pages: count, actual_pages: v.number(), target_mib: count, actual_mib: count },
  v.number(),
);

export const hinting = v.strictObject({ host_cmd: count, guest_cmd: v.optional(count) });

export const timeline = v.array(v.object({ phase: v.string(), ms: v.number() }));
export const counters = v.record(v.string(), v.record(v.string(), v.number()));
export const sandbox = v.object({ seccomp: v.boolean(), landlock: v.boolean(), namespaces: v.string() });

const exit = v.object({ count, sumUs: v.number(), shortestUs: v.number(), longestUs: v.number() });
export const exits = v.array(
  v.object({
    exits: v.record(v.picklist(["io_in", "io_out", "mmio_read", "mmio_write"]), exit),
    interrupted: count,
    failures: count,
    deviceFaults: count,
    clockFailures: count,
  }),
);
/** What the guest is told is the operator's. */
export const metadata = v.record(v.string(), v.unknown());
export const text = v.string();
export const state = v.object({ state: v.picklist(["Running", "Paused", "Stopping"]), pid: count });
