import type { DeviceKind } from "../kind.ts";
import { RngDevice } from "./device.ts";

export const rng: DeviceKind = {
  name: "rng",
  modules: ["virtio-rng"],
  create: ({ entropy }) => (entropy ? [new RngDevice(entropy.rate_limiter)] : []),
};
