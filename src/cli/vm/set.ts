/** `volt set`: changes a VM while it runs. */
import { defineCommand } from "citty";
import { ConfigError } from "../../config/error.ts";
import { parseMib } from "../../config/size.ts";
import type { Invocation } from "../invocation.ts";
import { parseOptions } from "../option-list.ts";
import { ask } from "./client.ts";
import { findTarget, TARGET_FLAGS } from "./target.ts";

const SET_FLAGS = {
  balloon: { type: "string", valueHint: "SIZE", description: "how much of the guest's memory the balloon takes" },
  disk: {
    type: "string",
    valueHint: "ID[,...]",
    description:
      "a disk (repeatable): bandwidth=BYTES and ops=N a second (off: no limit); path=FILE: that file's size again, or another file",
    repeatable: true,
  },
  net: {
    type: "string",
    valueHint: "ID[,...]",
    description:
      "a network card (repeatable): rx-bandwidth=BYTES, rx-ops=N, tx-bandwidth=BYTES, tx-ops=N a second (off: no limit)",
    repeatable: true,
  },
} as const;

const DISK_OPTIONS = { bandwidth: "value", ops: "value", path: "value" } as const;
const NET_OPTIONS = { "rx-bandwidth": "value", "rx-ops": "value", "tx-bandwidth": "value", "tx-ops": "value" } as const;
/** Limits are said by the second; a bucket fills in so many milliseconds. */
const REFILL_MS = 1000;

interface Request {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export const setCommand = defineCommand({
  meta: { name: "set", description: "changes a VM that runs: its balloon, its limits, a disk's file" },
  args: { ...TARGET_FLAGS, ...SET_FLAGS },
  async run({ args, data }) {
    const { lists } = data as Invocation;
    const requests = requestsOf(args.balloon, lists["disk"], lists["net"]);
    if (requests.length === 0) throw new ConfigError("", "set", "nothing to change: give --balloon, --disk or --net");
    const target = findTarget(args, "set");
    // Before the first is sent: a mistyped one must not leave half of them done.
    checkIds(requests, await ask(target, "GET", "/vm/config"), target.name);
    for (const { path, body } of requests) await ask(target, "PATCH", path, body);
  },
});

/** All of them are checked before the first is sent. @throws ConfigError */
export function requestsOf(balloon?: string, disks: readonly string[] = [], cards: readonly string[] = []): Request[] {
  return [
    ...(balloon === undefined ? [] : [{ path: "/balloon", body: { amount_mib: parseMib(balloon, "--balloon") } }]),
    ...disks.map(diskRequest),
    ...cards.map(cardRequest),
  ];
}

/** What of a VM's configuration they are looked up in: volt's, and Firecracker's. */
interface Devices {
  readonly drives?: readonly { readonly drive_id: string }[];
  readonly "network-interfaces"?: readonly { readonly iface_id: string }[];
}

/** @throws ConfigError for a request about what the VM does not have */
export function checkIds(requests: readonly Request[], vm: Devices, name: string): void {
  const disks = vm.drives?.map(({ drive_id }) => drive_id) ?? [];
  const cards = vm["network-interfaces"]?.map(({ iface_id }) => iface_id) ?? [];
  for (const { body } of requests) {
    check("--disk", body["drive_id"], disks, `${name} has no disk`);
    check("--net", body["iface_id"], cards, `${name} has no network card`);
  }
}

function check(flag: string, id: unknown, known: readonly string[], problem: string): void {
  if (id === undefined || known.includes(String(id))) return;
  throw new ConfigError(
    "",
    flag,
    `${problem} ${id}: ${known.length > 0 ? `there is ${known.join(", ")}` : "there is none"}`,
  );
}

function diskRequest(text: string): Request {
  const { first: drive_id, path, bandwidth, ops } = parseOptions(text, "--disk", DISK_OPTIONS, "ID");
  const rate_limiter = limiter(bandwidth, ops, "--disk");
  if (path === undefined && !rate_limiter) throw nothing("--disk", drive_id, DISK_OPTIONS);
  const body = {
    drive_id,
    ...(path === undefined ? {} : { path_on_host: path }),
    ...(rate_limiter ? { rate_limiter } : {}),
  };
  return { path: `/drives/${drive_id}`, body };
}

function cardRequest(text: string): Request {
  const options = parseOptions(text, "--net", NET_OPTIONS, "ID");
  const { first: iface_id } = options;
  const receive = limiter(options["rx-bandwidth"], options["rx-ops"], "--net");
  const transmit = limiter(options["tx-bandwidth"], options["tx-ops"], "--net");
  if (!receive && !transmit) throw nothing("--net", iface_id, NET_OPTIONS);
  const body = {
    iface_id,
    ...(receive ? { rx_rate_limiter: receive } : {}),
    ...(transmit ? { tx_rate_limiter: transmit } : {}),
  };
  return { path: `/network-interfaces/${iface_id}`, body };
}

function limiter(bandwidth: string | undefined, ops: string | undefined, flag: string) {
  if (bandwidth === undefined && ops === undefined) return undefined;
  return {
    ...(bandwidth === undefined ? {} : { bandwidth: bucket(bandwidth, flag) }),
    ...(ops === undefined ? {} : { ops: bucket(ops, flag) }),
  };
}

/** `off` is a bucket of size 0, by Firecracker's rule. */
function bucket(text: string, flag: string) {
  if (text === "off") return { size: 0, refill_time: 0 };
  const [, digits, unit = ""] = /^(\d{1,12})([KMG]?)$/i.exec(text) ?? [];
  const size = Number(digits) * 1024 ** " KMG".indexOf(unit.toUpperCase() || " ");
  if (!(size >= 1)) throw new ConfigError("", flag, `"${text}" is no limit: write 500, 10M, or off`);
  return { size, refill_time: REFILL_MS };
}

function nothing(flag: string, id: string, options: Readonly<Record<string, unknown>>): ConfigError {
  return new ConfigError("", flag, `what of ${id} is to change? ${Object.keys(options).join(", ")}`);
}
