/** The kinds of virtio devices, in the order their windows and interrupt lines are given out. */
import type { VmConfig } from "../../config/schema.ts";
import type { VirtioDevice } from "./device.ts";
import { RngDevice } from "./rng/device.ts";

/** Makes the devices of one kind that a configuration asks for. */
type DeviceKind = (config: VmConfig) => VirtioDevice[];

/** A guest names devices by this order (`vda` is the first disk), so it is the same in every version. */
const KINDS: readonly DeviceKind[] = [(config) => (config.entropy ? [new RngDevice()] : [])];

/** The back ends of a VM's devices, in a stable order. */
export function virtioDevices(config: VmConfig): VirtioDevice[] {
  return KINDS.flatMap((kind) => kind(config));
}
