/** What a boot was, in plain words. */
import type { TracedExits } from "../observe/trace-file.ts";
import { slowestSteps } from "./kernel-log.ts";
import { placeName } from "./places.ts";
import { type BootRecord, kernelMs, msBeforeClock } from "./record.ts";
import type { Finding, Stall } from "./stall.ts";

const STEPS = 10;
const PLACES = 8;

export interface Explained {
  readonly stall: Stall;
  readonly finding: Finding;
}

export function bootText(boot: BootRecord, found: readonly Explained[]): string {
  const parts = [
    ["Where the time went, ms", ...partsOf(boot).map(([name, ms]) => row(ms, name))],
    ["The kernel's slowest steps, ms, by its own clock", ...steps(boot)],
    ["What the guest left KVM for, until its user space", ...exitsText(boot)],
    found.length === 0
      ? ["No known stall in this boot."]
      : ["Known stalls, ms", ...found.flatMap(({ stall, finding }) => findingText(stall, finding))],
  ];
  const note =
    boot.logFrom === "console"
      ? "\nThe guest's log came over its console while it booted, initcall_debug's lines with it: that cost is in these figures.\n"
      : "";
  return `${parts.map((lines) => `${lines.join("\n")}\n`).join("\n")}${note}`;
}

/** @param before and `after`: the same boot, without and with the mends */
export function gainText(before: BootRecord, after: BootRecord, mends: readonly string[]): string {
  const [old, recent] = [before, after].map((boot) => new Map(partsOf(boot)));
  const lines = [...old!].map(([name, ms]) => {
    const now = recent!.get(name);
    return now === undefined ? row(ms, `${name}: gone`) : `  ${pad(ms)} -> ${pad(now)}  ${name}`;
  });
  return `${[`With ${mends.join(", ")}, ms`, ...lines].join("\n")}\n`;
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

function steps(boot: BootRecord): string[] {
  const calls = boot.calls.map(({ name, ms, kind }) => ({
    ms,
    text: kind === "probe" ? `the probe of ${name}` : name,
  }));
  const silences = slowestSteps(
    boot.log.filter(({ text }) => !/^(calling|initcall) /.test(text)),
    STEPS,
  ).map(({ seconds, after, before }) => ({
    ms: seconds * 1000,
    text: `until "${cut(before)}" (after "${cut(after)}")`,
  }));
  const own = calls.length > 0 ? calls : silences;
  return own
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, STEPS)
    .map(({ ms, text }) => row(ms, text));
}

function exitsText({ exits }: BootRecord): string[] {
  const places = new Map<string, { count: number; ms: number }>();
  for (const { kind, address, count, begin, end } of exits.flatMap(({ runs }) => runs)) {
    const name = placeName(kind, address);
    const before = places.get(name) ?? { count: 0, ms: 0 };
    places.set(name, { count: before.count + count, ms: before.ms + end - begin });
  }
  const lines = [...places].toSorted(([, a], [, b]) => b.count - a.count).slice(0, PLACES);
  const lost = exits.reduce((sum, one) => sum + one.lost, 0);
  return [
    ...lines.map(([name, { count, ms }]) => `  ${String(count).padStart(9)} in ${pad(ms)} ms  ${name}`),
    ...(lost > 0 ? [`  ${String(lost).padStart(9)} more, of which only the ports are known`] : []),
    ...portsText(exits),
  ];
}

/** The ports that were used most, one by one. */
function portsText(exits: readonly TracedExits[]): string[] {
  const ports = exits.flatMap((vcpu) => vcpu.ports).toSorted((a, b) => b.reads + b.writes - a.reads - a.writes);
  const text = ports
    .slice(0, PLACES)
    .map(({ port, reads, writes }) => `0x${port.toString(16)} ${reads}/${writes}`)
    .join(", ");
  return text === "" ? ["  nothing"] : [`  ports, reads/writes: ${text}`];
}

function findingText({ name }: Stall, { ms, seen, mend }: Finding): string[] {
  const words = [
    ...(mend.add?.length ? [`add ${mend.add.join(" ")}`] : []),
    ...(mend.remove?.length ? ["take out what asks for it"] : []),
  ];
  return [
    `${ms === undefined ? `  ${"?".padStart(9)}  ` : row(ms, "")}${name}: ${seen}`,
    `             mend: ${mend.text}${words.length > 0 ? ` (command line: ${words.join(", ")})` : ""}`,
  ];
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
