/** Bodies of the requests that a running machine takes, in Firecracker's shape. */
import * as v from "valibot";
import { rateLimiter } from "../../config/devices.ts";
import { oneOf, path, whole } from "../../config/fields.ts";

export const actionBody = v.strictObject({
  action_type: oneOf("InstanceStart", "FlushMetrics", "SendCtrlAltDel"),
});

export const vmStateBody = v.strictObject({ state: oneOf("Paused", "Resumed") });

export const drivePatchBody = v.strictObject({
  drive_id: v.string(),
  path_on_host: v.optional(path),
  rate_limiter: v.optional(rateLimiter),
});

export const interfacePatchBody = v.strictObject({
  iface_id: v.string(),
  rx_rate_limiter: v.optional(rateLimiter),
  tx_rate_limiter: v.optional(rateLimiter),
});

export const entropyPatchBody = v.strictObject({ rate_limiter: rateLimiter });

const cells = whole(1, 65_535);
export const consoleSizeBody = v.strictObject({ columns: cells, rows: cells });

const U32 = 2 ** 32 - 1;
export const balloonPatchBody = v.strictObject({ amount_mib: whole(0, U32) });
export const balloonStatisticsBody = v.strictObject({ stats_polling_interval_s: whole(0, 65_535) });
export const hintingBody = v.strictObject({ acknowledge_on_stop: v.optional(v.boolean(), true) });
