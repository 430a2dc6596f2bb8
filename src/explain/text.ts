/** What a boot was, in plain words. */
import type { TracedExits } from "../observe/trace-file.ts";
import { slowestSteps } from "./kernel-log.ts";
import { placeName } from "./places.ts";
import { type BootRecord, bootLines, kernelMs, msBeforeClock, words } from "./record.ts";
import { type Finding, mended, type Stall } from "./stall.ts";

const STEPS = 10;
const PLACES = 8;

export interface Explained {
  readonly stall: Stall;
  readonly finding: Finding;
}

export function bootText(boot: BootRecord, found: readonly Explained[]): string {
  const slowestFirst = found.toSorted((a, b) => (b.finding.ms ?? -1) - (a.finding.ms ?? -1));
  const parts = [
    [`A boot of ${kernelName(boot)}`, `  command line: ${boot.commandLine}`],
    ["Where the time went, ms", ...partsOf(boot).map(([name, ms]) => row(ms, name))],
    ["The kernel's slowest steps, ms by its own clock", ...steps(boot)],
    [
      "Exits: accesses of the guest's that it stopped for until volt had served them, up to its user space",
      ...exitsText(boot),
    ],
    found.length === 0
      ? ["No known stall in this boot."]
      : [
          "Known stalls, ms, and what mends them",
          ...slowestFirst.flatMap(({ stall, finding }) => findingText(boot, stall, finding)),
        ],
  ];
  return `${parts.map((lines) => `${lines.join("\n")}\n`).join("\n")}${notes(boot)}`;
}

/** What a reader of the figures should know of how they came about. */
function notes({ logFrom, endedAfter }: BootRecord): string {
  const byConsole =
    "\nThis guest's init is not volt's, so the kernel's log came over its console while it booted, with lines of initcall_debug\nthat are not there otherwise: the exits of the serial port, and their time, are mostly those.\n";
  const ended = `\nThe guest did not end by itself: volt asked it to after ${endedAfter} s (--seconds).\n`;
  return `${logFrom === "console" ? byConsole : ""}${endedAfter === undefined ? "" : ended}`;
}

/** @param before and `after`: the same boot, without and with the mends */
export function gainText(before: BootRecord, after: BootRecord, mends: readonly string[]): string {
  const [old, recent] = [before, after].map((boot) => new Map(partsOf(boot)));
  const lines = [...old!].map(([name, ms]) => {
    const now = recent!.get(name);
    return now === undefined ? row(ms, `${name}: gone`) : `  ${pad(ms)} -> ${pad(now)}  ${name}`;
  });
  const title = `Booted again, with these mended: ${mends.join(", ")}. Before and after, ms`;
  return `${[title, ...lines, `  the command line then: ${after.commandLine}`].join("\n")}\n`;
}

/** The parts of a boot in their order, each with its milliseconds; the last is all of it. */
export function partsOf(boot: BootRecord): [string, number][] {
  const { phases } = boot;
  const [entered, user, ended] = ["vCPU 0 enters KVM_RUN", "guest user space", "guest ended"].map((name) =>
    phases.get(name),
  );
  const before = msBeforeClock(boot);
  const kernel = kernelMs(boot);
  const total = user ?? ended;
  const parts: [string, number | undefined][] = [
    ["volt, until the guest's first instruction", entered],
    ["the kernel, before its clock runs", before],
    ["the kernel, by its own clock", kernel],
    [
      "init and its modules",
      user !== undefined && entered !== undefined && before !== undefined
        ? user - entered - before - kernel
        : undefined,
    ],
    [
      user === undefined
        ? "from the process's start to the guest's end"
        : "from the process's start to the guest's user space",
      total,
    ],
  ];
  return parts.flatMap(([name, ms]) => (ms === undefined ? [] : [[name, Math.max(0, ms)] as [string, number]]));
}

/** Functions that the kernel timed itself, of modules too, and silences in its log that are none of theirs. */
function steps(boot: BootRecord): string[] {
  const { calls } = boot;
  const lines = bootLines(boot);
  const timed = calls.map(({ name, ms, kind }) => ({ ms, text: kind === "probe" ? `the probe of ${name}` : name }));
  const early = calls.filter(({ line }) => line < lines.length);
  const silences = slowestSteps(lines, STEPS, early).map(({ seconds, after, before }) => ({
    ms: seconds * 1000,
    text: `until "${cut(before)}" (after "${cut(after)}")`,
  }));
  const rows = [...timed, ...silences]
    .sort((a, b) => b.ms - a.ms)
    .slice(0, STEPS)
    .map(({ ms, text }) => row(ms, text));
  const note = "  (a name is a function that it calls at its start; a driver's probe of a device is part of one)";
  return calls.length > 0 ? [note, ...rows] : rows;
}

/** By reason and place. The milliseconds are those of runs, from the first access to the last: what the guest does between is in them. */
function exitsText({ exits }: BootRecord): string[] {
  const places = new Map<string, { count: number; ms: number }>();
  const reasons = { port: 0, mmio: 0 };
  for (const { kind, address, count, begin, end } of exits.flatMap(({ runs }) => runs)) {
    const name = placeName(kind, address);
    const before = places.get(name) ?? { count: 0, ms: 0 };
    places.set(name, { count: before.count + count, ms: before.ms + end - begin });
    reasons[kind] += count;
  }
  if (places.size === 0) return ["  none"];
  const lines = [...places].toSorted(([, a], [, b]) => b.count - a.count).slice(0, PLACES);
  const lost = exits.reduce((sum, one) => sum + one.lost, 0);
  return [
    `  ${reasons.port} of I/O ports, ${reasons.mmio} of devices' memory (MMIO)`,
    ...lines.map(([name, { count, ms }]) => `  ${String(count).padStart(9)} in ${pad(ms)} ms  ${name}`),
    ...(lost > 0 ? [`  ${String(lost).padStart(9)} more, of which only the ports are known`] : []),
    ...portsText(exits),
  ];
}

/** The ports that were used most, one by one. */
function portsText(exits: readonly TracedExits[]): string[] {
  const ports = exits.flatMap((vcpu) => vcpu.ports).toSorted((a, b) => b.reads + b.writes - a.reads - a.writes);
  if (ports.length === 0) return [];
  const text = ports.slice(0, PLACES).map(({ port, reads, writes }) => `0x${port.toString(16)} ${reads}/${writes}`);
  return [`  the busiest ports, reads/writes: ${text.join(", ")}`];
}

function findingText({ commandLine }: BootRecord, { name }: Stall, { ms, seen, mend }: Finding): string[] {
  const kept = mended(commandLine, [mend]).split(" ");
  const removed = words(commandLine).filter((word) => !kept.includes(word));
  const added = kept.filter((word) => !words(commandLine).includes(word));
  const changes = [
    ...(added.length > 0 ? [`add ${added.join(" ")}`] : []),
    ...(removed.length > 0 ? [`take out ${removed.join(" ")}`] : []),
  ];
  return [
    `${ms === undefined ? `  ${"?".padStart(9)}  ` : row(ms, "")}${name}: ${seen}`,
    `             mend: ${mend.text}${changes.length > 0 ? ` (command line: ${changes.join(", ")})` : ""}`,
  ];
}

/** As it says of itself, without who built it. */
function kernelName({ log }: BootRecord): string {
  const version = log.map(({ text }) => /^Linux version (\S+)/.exec(text)?.[1]).find(Boolean);
  return version === undefined ? "a guest" : `Linux ${cut(version)}`;
}

function row(ms: number, text: string): string {
  return `  ${pad(ms)}  ${text}`;
}

function pad(ms: number): string {
  return ms.toFixed(1).padStart(9);
}

/** A guest wrote these lines: only what can be shown, and not too much of it. */
function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
