import { ConfigError } from "../../config/error.ts";
import type { VmConfig } from "../../config/schema.ts";
import { countDevices } from "../../devices/virtio/registry.ts";
import { GSI } from "../layout.ts";

/** Stage one: each virtio device needs an interrupt line of its own. @throws ConfigError where there are not enough */
export function checkDeviceCount(config: VmConfig): void {
  const counts = countDevices(config);
  const asked = counts.reduce((sum, { count }) => sum + count, 0);
  const most = GSI.virtio.length;
  if (asked <= most) return;
  const each = counts.map(({ what, count }) => `${count} ${what}${count === 1 ? "" : "s"}`);
  throw new ConfigError(
    "",
    "devices",
    `the interrupt lines allow ${most} virtio devices, ${asked} were asked for (${each.join(", ")}): take some away`,
  );
}
