/** A machine's configuration, with what was changed while it runs. */
import type { VmConfig } from "../config/schema.ts";
import type { MachineControl } from "./control.ts";

type Devices = Pick<MachineControl, "disk" | "networkInterface" | "balloon" | "entropy">;

/** @param started what it was started with */
export function liveConfig(started: VmConfig, devices: Devices): VmConfig {
  const { balloon, entropy } = started;
  return {
    ...started,
    drives: started.drives.map((drive) => {
      const { path, limits } = devices.disk(drive.drive_id);
      return { ...drive, path_on_host: path, ...(drive.rate_limiter ? { rate_limiter: limits } : {}) };
    }),
    "network-interfaces": started["network-interfaces"].map((card) => {
      const { receive, transmit } = devices.networkInterface(card.iface_id).limits;
      return {
        ...card,
        ...(card.rx_rate_limiter ? { rx_rate_limiter: receive } : {}),
        ...(card.tx_rate_limiter ? { tx_rate_limiter: transmit } : {}),
      };
    }),
    ...(balloon ? { balloon: { ...balloon, ...balloonNow(devices) } } : {}),
    ...(entropy?.rate_limiter ? { entropy: { rate_limiter: devices.entropy().limits } } : {}),
  };
}

export function balloonNow(devices: Pick<Devices, "balloon">): {
  readonly amount_mib: number;
  readonly stats_polling_interval_s: number;
} {
  const { targetMib, pollingSeconds } = devices.balloon();
  return { amount_mib: targetMib, stats_polling_interval_s: pollingSeconds };
}
