/** `bun bench [NAME...] [--quick] [--runs N] [--peer NAME=PATH]... [--compare OLD.json] [--list]` */
import { parseArgs } from "node:util";
import { PEERS } from "./peers/registry.ts";
import { TABLES } from "./tables/registry.ts";

export const USAGE = `Usage: bun bench [NAME...] [--quick] [--runs N] [--peer NAME=PATH]... [--compare OLD.json]

NAME      a table: ${TABLES.map(({ name }) => name).join(", ")} (default: all)
--quick   fewer runs, within two minutes on a machine whose own KVM runs Linux
--runs    how often each program runs (default 20, quick 10)
--peer    a monitor to compare with that is not in PATH: ${PEERS.map(({ name }) => name).join(", ")};
          volt@OLD=PATH is another build of volt
--compare an older dist/bench.json: says what got worse, and ends with status 1 if anything did`;

export interface Options {
  /** Names of tables. */
  readonly tables: readonly string[];
  readonly quick: boolean;
  readonly runs: number;
  readonly peers: readonly (readonly [name: string, path: string])[];
  /** A file. */
  readonly compare: string | undefined;
}

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
    },
  });
  if (values.help) return undefined;
  const known = TABLES.map(({ name }) => name);
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${unknown}: no such table: there are ${known.join(", ")}`);
  return {
    tables: positionals.length > 0 ? positionals : known,
    quick: values.quick,
    runs: values.runs === undefined ? (values.quick ? 10 : 20) : parseRuns(values.runs),
    peers: values.peer.map(parsePeer),
    compare: values.compare,
  };
}

function parseRuns(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`--runs ${text}: give a whole number from 1 to 9999`);
  return Number(text);
}

function parsePeer(text: string): readonly [string, string] {
  const [name = "", ...path] = text.split("=");
  const known = PEERS.map((peer) => peer.name);
  if (path.length === 0 || !known.includes(name.split("@")[0]!))
    throw new Error(`--peer ${text}: give NAME=PATH, NAME one of ${known.join(", ")}`);
  return [name, path.join("=")];
}
