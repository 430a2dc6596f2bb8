import { ConfigError } from "../../../config/error.ts";
import type { DeviceKind } from "../kind.ts";
import { BalloonDevice } from "./device.ts";

export const balloon: DeviceKind<undefined> = {
  name: "balloon",
  modules: ["virtio_balloon"],
  open({ balloon: config, "machine-config": { mem_size_mib } }) {
    if (config && config.amount_mib > mem_size_mib) {
      const problem = `a guest of ${mem_size_mib} MiB can't give up ${config.amount_mib}: ask for less`;
      throw new ConfigError("", "--balloon", problem);
    }
    return undefined;
  },
  create: ({ balloon: config }) => (config ? [new BalloonDevice(config)] : []),
};
