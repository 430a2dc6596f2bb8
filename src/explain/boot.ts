/** Boots a VM once, by `volt run` itself, and gathers what the guest's kernel and volt say of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { printable } from "../config/printable.ts";
import type { VmConfig } from "../config/schema.ts";
import { allowsOwnInit, keepsOwnInit } from "../config/user-land.ts";
import type { Trace } from "../observe/trace-file.ts";
import { readCalls, readKernelLog } from "./kernel-log.ts";
import type { BootRecord } from "./record.ts";

/** Each function's time, in a log that is large enough for all of them. */
const ASKED = ["initcall_debug", "printk.time=1", "log_buf_len=1M"];
/** Around the kernel's log: the console may have its lines as well, as they came. */
const MARKS = ["volt-explain: log", "volt-explain: end"] as const;
/**
 * Prints the kernel's log when the boot is over: during it, each byte on the console would cost more than what it tells.
 * And packed, since they still cost. Lines that only say what begins are left out.
 */
const PRINT_LOG = ["sh", "-c", `echo "${MARKS[0]}"; dmesg | grep -v "] calling " | gzip | base64; echo "${MARKS[1]}"`];
/** A log of 1 MiB is what was asked for; one that unpacks to more is an attack. */
const MOST_PACKED_BYTES = 2 * 2 ** 20;
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
    const { status, console, log } = await run([...volt, "run", "--config", file], seconds);
    const lines = readKernelLog(printsLog ? unpackLog(console) : console).map(({ at, text }) => ({
      at,
      text: printable(text),
    }));
    if (lines.length === 0) throw new Error(silence(status, log));
    return {
      ...{ commandLine, isPacked, logFrom: printsLog ? "buffer" : "console", log: lines, calls: readCalls(lines) },
      ...readTrace(readFileSync(trace, "utf8")),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param console what PRINT_LOG printed, among other things
 * @returns "" where it is not there, or not all of it
 */
export function unpackLog(console: string): string {
  const [begin, end] = MARKS.map((mark) => console.lastIndexOf(mark));
  if (begin! < 0 || end! < begin!) return "";
  try {
    const packed = Buffer.from(console.slice(begin! + MARKS[0].length, end), "base64");
    return gunzipSync(packed, { maxOutputLength: MOST_PACKED_BYTES }).toString();
  } catch {
    return "";
  }
}

/** @param text what `--trace` wrote */
export function readTrace(text: string): Pick<BootRecord, "phases" | "exits"> {
  const { traceEvents, otherData } = JSON.parse(text) as Trace;
  const slices = traceEvents.filter(({ ph }) => ph === "X");
  return { phases: new Map(slices.map(({ name, ts = 0 }) => [name, ts / 1000])), exits: otherData.exits };
}

/** The user's VM, with a command line that makes the kernel tell, and a trace. */
export function watched(
  config: VmConfig,
  commandLine: string,
  asked: readonly string[],
  command: readonly string[] | undefined,
  trace: string,
): VmConfig {
  const { append: _, ...volt } = config.volt;
  // First: what comes after a " -- " of the user's is for init.
  const boot_args = [...asked, commandLine].join(" ");
  return {
    ...config,
    "boot-source": { ...config["boot-source"], boot_args },
    volt: { ...volt, trace_path: trace, ...(command ? { command: [...command] } : {}) },
  };
}

async function run(command: readonly string[], seconds: number) {
  const volt = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const timer = setTimeout(() => volt.kill("SIGTERM"), seconds * 1000);
  try {
    const [console, log] = await Promise.all([
      head(volt.stdout, MOST_CONSOLE_BYTES),
      head(volt.stderr, MOST_LOG_BYTES),
    ]);
    return { status: await volt.exited, console, log };
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

function silence(status: number, log: string): string {
  const said =
    log
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/^volt: /, "") ?? "";
  if (status === 125) return said;
  return `the guest's kernel said nothing, or not all of it (exit status ${status}${said === "" ? "" : `, ${said}`}): give it a console (console=ttyS0), or more time (--seconds)`;
}
