/** Boots a VM once, by `volt run` itself, and gathers what the guest's kernel and volt say of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { printable } from "../config/printable.ts";
import type { VmConfig } from "../config/schema.ts";
import { allowsOwnInit, keepsOwnInit } from "../config/user-land.ts";
import type { Trace } from "../observe/trace-file.ts";
import { readCalls, readKernelLog } from "./kernel-log.ts";
import { PRINT_LOG, unpackLog } from "./packed-log.ts";
import type { BootRecord } from "./record.ts";

/** Each function's time, in a log that is large enough for all of them. */
const ASKED = ["initcall_debug", "printk.time=1", "log_buf_len=1M"];
const MOST_CONSOLE_BYTES = 8 * 2 ** 20;
/** Its console is not the guest's any more: what it says on stderr is for an error. */
const MOST_LOG_BYTES = 2 ** 16;

export interface BootRequest {
  readonly config: VmConfig;
  /** The kernel's command line. */
  readonly commandLine: string;
  readonly isPacked: boolean;
  /** volt, as a command. */
  readonly volt: readonly string[];
  /** A guest that does not end is asked to after so long. */
  readonly seconds: number;
}

/** @throws Error with what volt said when it failed, or that the guest said nothing */
export async function recordBoot({ config, commandLine, isPacked, volt, seconds }: BootRequest): Promise<BootRecord> {
  const folder = mkdtempSync(join(tmpdir(), "volt-explain-"));
  try {
    const trace = join(folder, "trace.json");
    const printsLog = allowsOwnInit(config) && keepsOwnInit(config);
    const asked = printsLog ? ASKED : [...ASKED, "ignore_loglevel"];
    const file = join(folder, "vm.json");
    writeFileSync(file, JSON.stringify(watched(config, commandLine, asked, printsLog ? PRINT_LOG : undefined, trace)));
    const end = await run([...volt, "run", "--config", file], seconds);
    const lines = readKernelLog(printsLog ? unpackLog(end.console) : end.console).map(({ at, text }) => ({
      at,
      text: printable(text),
    }));
    if (lines.length === 0) throw new Error(silence(end, printsLog, seconds));
    return {
      ...{ commandLine, isPacked, logFrom: printsLog ? "buffer" : "console", log: lines, calls: readCalls(lines) },
      endedAfter: end.isLate ? seconds : undefined,
      ...readTrace(readFileSync(trace, "utf8")),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param text what `--trace` wrote */
export function readTrace(text: string): Pick<BootRecord, "phases" | "exits"> {
  const { traceEvents, otherData } = JSON.parse(text) as Trace;
  const slices = traceEvents.filter(({ ph }) => ph === "X");
  return { phases: new Map(slices.map(({ name, ts = 0 }) => [name, ts / 1000])), exits: otherData.exits };
}

/** The user's VM, with a command line that makes the kernel tell, and a trace; in the foreground. */
export function watched(
  config: VmConfig,
  commandLine: string,
  asked: readonly string[],
  command: readonly string[] | undefined,
  trace: string,
): VmConfig {
  const { append: _, detached: _stays, ...volt } = config.volt;
  // First: what comes after a " -- " of the user's is for init.
  const boot_args = [...asked, commandLine].join(" ");
  return {
    ...config,
    "boot-source": { ...config["boot-source"], boot_args },
    volt: { ...volt, trace_path: trace, ...(command ? { command: [...command] } : {}) },
  };
}

interface VoltEnd {
  readonly status: number;
  readonly console: string;
  readonly log: string;
  /** It was asked to end. */
  readonly isLate: boolean;
}

async function run(command: readonly string[], seconds: number): Promise<VoltEnd> {
  let isLate = false;
  const volt = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const timer = setTimeout(() => {
    isLate = true;
    volt.kill("SIGTERM");
  }, seconds * 1000);
  try {
    const [console, log] = await Promise.all([
      head(volt.stdout, MOST_CONSOLE_BYTES),
      head(volt.stderr, MOST_LOG_BYTES),
    ]);
    return { status: await volt.exited, console, log, isLate };
  } finally {
    clearTimeout(timer);
    volt.kill("SIGKILL");
  }
}

/** The beginning of what a stream brings; the rest is read and forgotten. */
async function head(stream: ReadableStream<Uint8Array>, most: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream) {
    if (length < most) parts.push(part.subarray(0, most - length));
    length += part.length;
  }
  return Buffer.concat(parts).toString();
}

/** Why there is no log: in the words of volt's last line, where it failed, or by how it ended. */
function silence({ status, log, isLate }: VoltEnd, printsLog: boolean, seconds: number): string {
  const said = log
    .trim()
    .split("\n")
    .at(-1)!
    .replace(/^volt: /, "");
  if (status === 125) return said;
  if (status === 124)
    return "the guest crashed while it booted: `volt run` with the same flags and --append loglevel=7 shows its last words";
  if (!printsLog)
    return "the guest's kernel said nothing on its console: give it one on the command line (console=ttyS0), and a kernel with a driver for it";
  if (isLate) return `the guest was not done booting after ${seconds} s: give it more time (--seconds)`;
  return `the kernel's log did not come out of the guest, or not all of it (exit status ${status}): does the command line name a console (console=ttyS0)? \`volt run\` with the same flags and -- dmesg shows more`;
}
