/** The flags of `volt run` that give a VM its devices. */
import type { ArgsDef, ParsedArgs } from "citty";
import type { VmConfigLayer } from "../config/parse.ts";
import type { VmConfigInput } from "../config/schema.ts";
import { parseMib } from "../config/size.ts";
import { parseOptions } from "./option-list.ts";

export const DEVICE_FLAGS = {
  disk: {
    type: "string",
    valueHint: "PATH[,...]",
    description:
      "a raw disk image or block device (repeatable); root: boot from it; ro; id=ID; direct; queues=N; cache=unsafe; io=sync",
    repeatable: true,
  },
  net: {
    type: "string",
    valueHint: "tap=NAME[,...]",
    description:
      "a network card on a TAP of the host (repeatable); mac=MAC; mtu=N; vhost: served by the host's kernel; queues=N; id=ID",
    repeatable: true,
  },
  vsock: {
    type: "string",
    valueHint: "cid=N,path=SOCKET",
    description: "sockets between host and guest, at Unix sockets of the host; cid=N,vhost: at its own AF_VSOCK",
  },
  balloon: {
    type: "string",
    valueHint: "SIZE",
    description:
      "a balloon that takes this much of the guest's memory (default 0). At any size what the guest frees goes back to the host (--no-balloon: nothing does)",
    negatable: true,
  },
  rng: {
    type: "boolean",
    description: "an entropy device (default, unless --config gives a file that has none)",
    negativeDescription: "no entropy device",
  },
} as const satisfies ArgsDef & Record<string, { readonly repeatable?: boolean; readonly negatable?: boolean }>;

type DeviceArgs = Partial<Pick<ParsedArgs<typeof DEVICE_FLAGS>, "vsock" | "balloon" | "rng">>;
type DeviceLayer = Pick<VmConfigLayer, "drives" | "network-interfaces" | "vsock" | "balloon" | "entropy">;
type Drive = NonNullable<VmConfigInput["drives"]>[number];
type NetworkInterface = NonNullable<VmConfigInput["network-interfaces"]>[number];

const DISK_OPTIONS = {
  id: "value",
  ro: "word",
  root: "word",
  direct: "word",
  queues: "number",
  cache: "value",
  io: "value",
} as const;
const NET_OPTIONS = {
  tap: "value",
  mac: "value",
  mtu: "number",
  vhost: "word",
  queues: "number",
  id: "value",
} as const;
const VSOCK_OPTIONS = { cid: "number", path: "value", vhost: "word" } as const;

/** What the flags say, and nothing else. @param lists the values of `--disk` and `--net` */
export function devicesOfFlags(args: DeviceArgs, lists: Readonly<Record<string, readonly string[]>>): DeviceLayer {
  const { disk = [], net = [] } = lists;
  return {
    ...(disk.length > 0 ? { drives: disk.map(driveOfFlag) } : {}),
    ...(net.length > 0 ? { "network-interfaces": net.map(interfaceOfFlag) } : {}),
    ...(args.vsock === undefined ? {} : { vsock: vsockOfFlag(args.vsock) }),
    ...(args.balloon === undefined ? {} : { balloon: balloonOfFlag(args.balloon) }),
    ...(args.rng === undefined ? {} : { entropy: args.rng ? {} : null }),
  };
}

function driveOfFlag(text: string, index: number): Drive {
  const options = parseOptions(text, "--disk", DISK_OPTIONS, "PATH");
  return defined<Drive>({
    drive_id: options.id ?? `disk${index}`,
    path_on_host: options.first,
    is_root_device: options.root,
    is_read_only: options.ro,
    direct: options.direct,
    num_queues: options.queues,
    cache_type: capitalised(options.cache),
    io_engine: capitalised(options.io),
  });
}

function interfaceOfFlag(text: string, index: number): NetworkInterface {
  const options = parseOptions(text, "--net", NET_OPTIONS);
  return defined<NetworkInterface>({
    iface_id: options.id ?? `net${index}`,
    host_dev_name: options.tap,
    guest_mac: options.mac,
    mtu: options.mtu,
    vhost: options.vhost,
    queue_pairs: options.queues,
  });
}

function vsockOfFlag(text: string): NonNullable<VmConfigInput["vsock"]> {
  const { cid, path, vhost } = parseOptions(text, "--vsock", VSOCK_OPTIONS);
  return defined<NonNullable<VmConfigInput["vsock"]>>({ guest_cid: cid, uds_path: path, vhost });
}

/** @param size "" for `--no-balloon` */
function balloonOfFlag(size: string): DeviceLayer["balloon"] {
  return size === "" ? null : { amount_mib: parseMib(size, "--balloon") };
}

/** Leaves out what was not given; what is wrong or missing is for the schema to say. */
function defined<T extends object>(values: { [K in keyof T]: unknown }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

/** "writeback" is the configuration's "Writeback". */
function capitalised(word: string | undefined): string | undefined {
  return word && `${word[0]!.toUpperCase()}${word.slice(1)}`;
}
