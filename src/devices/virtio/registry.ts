/** The kinds of virtio devices, in the order their windows and interrupt lines are given out. */
import type { VmConfig } from "../../config/schema.ts";
import type { DeviceRules } from "../../security/seccomp/profiles.ts";
import type { VirtioDevice } from "./device.ts";
import type { DeviceKind } from "./kind.ts";
import { rng } from "./rng/kind.ts";

/** A guest names devices by this order (`vda` is the first disk), so it is the same in every version. */
const KINDS = [rng] as readonly DeviceKind<unknown>[];

/** What each kind opened, by its name: a part of the plan. */
export type OpenedDevices = Readonly<Record<string, unknown>>;

/** Stage one: opens what a VM's devices have a path for. @throws ConfigError, SystemError */
export function openDevices(config: VmConfig): OpenedDevices {
  return Object.fromEntries(KINDS.flatMap(({ name, open }) => (open ? [[name, open(config)]] : [])));
}

/** Stage two: the back ends of a VM's devices, in a stable order. */
export function createDevices(config: VmConfig, opened: OpenedDevices): VirtioDevice[] {
  return KINDS.flatMap(({ name, create }) => create(config, opened[name]));
}

/** What the sandbox has to allow for a VM's devices. */
export function deviceRules(config: VmConfig): DeviceRules {
  const kinds = KINDS.map(({ systemCalls }) => systemCalls?.(config) ?? {});
  return {
    setUp: kinds.flatMap(({ setUp = [] }) => setUp),
    running: kinds.flatMap(({ running = [] }) => running),
  };
}
