/** The kinds of virtio devices, in the order their windows and interrupt lines are given out. */
import type { VmConfig } from "../../config/schema.ts";
import type { OpenFolder } from "../../security/folder.ts";
import type { Rule } from "../../security/seccomp/rule.ts";
import { balloon } from "./balloon/kind.ts";
import { blk } from "./blk/kind.ts";
import { console } from "./console/kind.ts";
import type { VirtioDevice } from "./device.ts";
import type { DeviceKind, OpenedDevices } from "./kind.ts";
import { net } from "./net/kind.ts";
import { rng } from "./rng/kind.ts";
import { vsock } from "./vsock/kind.ts";

/** A guest names devices by this order (`vda` is the first disk), so it is the same in every version. */
const KINDS = [blk, net, vsock, rng, console, balloon] as readonly DeviceKind<unknown>[];

/** Stage one: opens what a VM's devices have a path for. @throws ConfigError, SystemError */
export function openDevices(config: VmConfig): OpenedDevices {
  return Object.fromEntries(KINDS.flatMap(({ name, open }) => (open ? [[name, open(config)]] : [])));
}

export interface CreatedDevices {
  /** The back ends, in a stable order. */
  readonly devices: readonly VirtioDevice[];
  /** What a guest with modules loads to drive them, and what it may want besides. */
  readonly modules: readonly string[];
  readonly furtherModules: readonly string[];
}

/** Stage two: the devices a configuration asks for. */
export function createDevices(config: VmConfig, opened: OpenedDevices): CreatedDevices {
  const created = KINDS.map((kind) => ({ kind, devices: kind.create(config, opened[kind.name]) }));
  const present = created.filter(({ devices }) => devices.length > 0);
  return {
    devices: present.flatMap(({ devices }) => devices),
    modules: present.length === 0 ? [] : ["virtio_mmio", ...present.flatMap(({ kind }) => kind.modules)],
    furtherModules: present.flatMap(({ kind }) => kind.furtherModules ?? []),
  };
}

/** What the sandbox has to allow for a VM's devices while its guest runs. */
export function deviceRules(config: VmConfig): Rule[] {
  return KINDS.flatMap(({ systemCalls }) => systemCalls?.(config) ?? []);
}

/** The folders that have to stay open to them. */
export function deviceFolders(opened: OpenedDevices): OpenFolder[] {
  return KINDS.flatMap(({ name, folders }) => folders?.(opened[name]) ?? []);
}
