/** The kinds of virtio devices, in the order their windows and interrupt lines are given out. */
import type { VmConfig } from "../../config/schema.ts";
import type { OpenPaths } from "../../security/open-path.ts";
import type { Rule } from "../../security/seccomp/rule.ts";
import type { VirtioDevice } from "./device.ts";
import type { DeviceKind, OpenedDevices, SharedParts } from "./kind.ts";

/** A kind is loaded for a VM that has such a device: the start of every other pays nothing for it. */
interface KindEntry {
  /** One of them, as an error counts them. */
  readonly what: string;
  /** How many of them a VM has. */
  readonly count: (config: VmConfig) => number;
  readonly load: () => Promise<unknown>;
}

/** A guest names devices by this order (`vda` is the first disk), so it is the same in every version. */
const KINDS: readonly KindEntry[] = [
  { what: "disk", count: ({ drives }) => drives.length, load: async () => (await import("./blk/kind.ts")).blk },
  {
    what: "network card",
    count: (config) => config["network-interfaces"].length,
    load: async () => (await import("./net/kind.ts")).net,
  },
  { what: "vsock device", count: ({ vsock }) => one(vsock), load: async () => (await import("./vsock/kind.ts")).vsock },
  {
    what: "entropy device",
    count: ({ entropy }) => one(entropy),
    load: async () => (await import("./rng/kind.ts")).rng,
  },
  {
    what: "virtio console",
    count: ({ volt }) => (volt.console === "virtio" ? 1 : 0),
    load: async () => (await import("./console/kind.ts")).console,
  },
  {
    what: "balloon",
    count: ({ balloon }) => one(balloon),
    load: async () => (await import("./balloon/kind.ts")).balloon,
  },
];

function one(section: object | undefined): number {
  return section ? 1 : 0;
}

/** How many devices of each kind a VM has, without the kinds it has none of. */
export function countDevices(config: VmConfig): { readonly what: string; readonly count: number }[] {
  return KINDS.map(({ what, count }) => ({ what, count: count(config) })).filter(({ count }) => count > 0);
}

/** The kinds of devices a VM has, in a stable order. */
export type DeviceKinds = readonly DeviceKind<unknown>[];

export async function deviceKinds(config: VmConfig): Promise<DeviceKinds> {
  const wanted = KINDS.filter(({ count }) => count(config) > 0);
  return (await Promise.all(wanted.map(({ load }) => load()))) as DeviceKinds;
}

/** Stage one: opens what a VM's devices have a path for. @throws ConfigError, SystemError */
export function openDevices(kinds: DeviceKinds, config: VmConfig): OpenedDevices {
  return Object.fromEntries(kinds.flatMap(({ name, open }) => (open ? [[name, open(config)]] : [])));
}

/** Stage one: takes away what `openDevices` left where others see it. */
export function withdrawDevices(kinds: DeviceKinds, opened: OpenedDevices): void {
  for (const { name, withdraw } of kinds) withdraw?.(opened[name]);
}

export interface CreatedDevices {
  /** The back ends, in a stable order. */
  readonly devices: readonly VirtioDevice[];
  /** What a guest with modules loads to drive them, and what it may want besides. */
  readonly modules: readonly string[];
  readonly furtherModules: readonly string[];
}

/** Stage two: the devices a configuration asks for. */
export function createDevices(
  kinds: DeviceKinds,
  config: VmConfig,
  opened: OpenedDevices,
  shared: SharedParts,
): CreatedDevices {
  return {
    devices: kinds.flatMap(({ name, create }) => create(config, opened[name], shared)),
    modules: kinds.length === 0 ? [] : ["virtio_mmio", ...kinds.flatMap(({ modules }) => modules)],
    furtherModules: kinds.flatMap(({ furtherModules = [] }) => furtherModules),
  };
}

/**
 * What the sandbox has to allow for a VM's devices while its guest runs.
 * @param hasApi whether they may be changed meanwhile
 */
export function deviceRules(kinds: DeviceKinds, config: VmConfig, hasApi: boolean): Rule[] {
  return kinds.flatMap(({ systemCalls, liveCalls }) => [
    ...(systemCalls?.(config) ?? []),
    ...(hasApi ? (liveCalls?.(config) ?? []) : []),
  ]);
}

/** What has to stay open to them. */
export function devicePaths(kinds: DeviceKinds, config: VmConfig, opened: OpenedDevices): OpenPaths {
  return {
    files: kinds.flatMap(({ name, files }) => files?.(config, opened[name]) ?? []),
    folders: kinds.flatMap(({ name, folders }) => folders?.(opened[name]) ?? []),
  };
}
