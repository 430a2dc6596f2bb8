/** `bun bench [NAME...] [--quick] [--runs N] [--peer NAME=PATH]... [--compare OLD.json] [--list]` */
import { parseArgs } from "node:util";
import { PEERS } from "./peers/registry.ts";
import type { SoakOptions } from "./soak/soak.ts";
import { TABLES } from "./tables/registry.ts";

export const USAGE = `Usage: bun bench [NAME...] [--quick] [--runs N] [--peer NAME=PATH]... [--compare OLD.json]
       bun bench soak [--minutes N] [--seed N]

NAME      a table: ${TABLES.map(({ name }) => name).join(", ")} (default: all)
--quick   fewer runs, within two minutes on a machine whose own KVM runs Linux
--runs    how often each program runs (default 20, quick 10)
--peer    a monitor to compare with that is not in PATH: ${PEERS.map(({ name }) => name).join(", ")};
          volt@OLD=PATH is another build of volt
--compare an older dist/bench.json: says what got worse, and ends with status 1 if anything did

soak      VMs at work, started, reset and killed in random order; nothing may be left behind, and each has to end as it should
--minutes how long (default 20)
--seed    the order: the one that an earlier run printed (default: another each time)`;

export interface Options {
  /** Names of tables. */
  readonly tables: readonly string[];
  readonly quick: boolean;
  readonly runs: number;
  readonly peers: readonly (readonly [name: string, path: string])[];
  /** A file. */
  readonly compare: string | undefined;
  /** In place of the tables. */
  readonly soak: SoakOptions | undefined;
}

const SOAK = "soak";
const SOAK_MINUTES = 20;

/** @throws Error of one line for what is wrong @returns undefined when help is wanted */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      quick: { type: "boolean", default: false },
      runs: { type: "string" },
      peer: { type: "string", multiple: true, default: [] },
      compare: { type: "string" },
      minutes: { type: "string" },
      seed: { type: "string" },
    },
  });
  if (values.help) return undefined;
  const known = TABLES.map(({ name }) => name);
  const isSoak = positionals.includes(SOAK);
  if (isSoak && positionals.length > 1) throw new Error(`${SOAK} is no table: give it alone`);
  if (!isSoak && (values.minutes ?? values.seed) !== undefined) throw new Error(`--minutes and --seed are ${SOAK}'s`);
  const soak = isSoak
    ? {
        minutes: values.minutes === undefined ? SOAK_MINUTES : parseWhole("--minutes", values.minutes, 1, 9999),
        seed:
          values.seed === undefined
            ? Math.floor(Math.random() * 2 ** 32)
            : parseWhole("--seed", values.seed, 0, 2 ** 32 - 1),
      }
    : undefined;
  const unknown = isSoak ? undefined : positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${unknown}: no such table: there are ${known.join(", ")}`);
  return {
    tables: isSoak ? [] : positionals.length > 0 ? positionals : known,
    quick: values.quick,
    runs: values.runs === undefined ? (values.quick ? 10 : 20) : parseWhole("--runs", values.runs, 1, 9999),
    peers: values.peer.map(parsePeer),
    compare: values.compare,
    soak,
  };
}

function parseWhole(flag: string, text: string, low: number, high: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= low && value <= high)) throw new Error(`${flag} ${text}: give a whole number from ${low} to ${high}`);
  return value;
}

function parsePeer(text: string): readonly [string, string] {
  const [name = "", ...path] = text.split("=");
  const known = PEERS.map((peer) => peer.name);
  if (path.length === 0 || !known.includes(name.split("@")[0]!))
    throw new Error(`--peer ${text}: give NAME=PATH, NAME one of ${known.join(", ")}`);
  return [name, path.join("=")];
}
