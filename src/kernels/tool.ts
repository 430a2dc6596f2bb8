/** Runs the host's programs: apt, dpkg, tar, make. */
import { ConfigError } from "../config/error.ts";

/** Where they are looked for: what an ordinary user's PATH may lack is added (depmod, modprobe). */
const PATH = () => `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

export interface ToolOptions {
  readonly cwd?: string;
  /** Over this process's; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The Debian package to name when the program is missing. */
  readonly package: string;
  /** Paths that say nothing to the user, and what its complaints call them instead. */
  readonly called?: Readonly<Record<string, string>>;
  /** Each line of its output, as it comes; it is then not returned. */
  readonly onLine?: (line: string) => void;
}

/** Those that run now. */
const running = new Set<Bun.Subprocess>();
let stopped = false;

/** Ends the programs that run and starts no more: who waits for one gets an error, and clears away after itself. */
export function stopTools(): void {
  stopped = true;
  for (const child of running) child.kill("SIGTERM");
}

/**
 * Runs a program to its end.
 * @returns its stdout
 * @throws ConfigError when it is missing, or with the last thing it complained of
 */
export async function runTool(command: readonly [string, ...string[]], options: ToolOptions): Promise<string> {
  const [name, ...args] = command;
  const path = requireTool(name, options.package);
  if (stopped) throw new ConfigError("", name, "volt was told to end");
  const child = Bun.spawn([path, ...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: environment(options.env),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  running.add(child);
  const [stdout, stderr, status] = await Promise.all([
    options.onLine ? eachLine(child.stdout, options.onLine) : child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]).finally(() => running.delete(child));
  if (status === 0) return stdout;
  const said = Object.entries(options.called ?? {}).reduce(
    (text, [path, shown]) => text.replaceAll(path, shown),
    stderr,
  );
  throw new ConfigError("", name, complaint(said) ?? `it ended with status ${child.signalCode ?? status}`);
}

function environment(changes: ToolOptions["env"] = {}): Record<string, string> {
  const all = { ...process.env, PATH: PATH(), LC_ALL: "C", ...changes };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** @returns its path @throws ConfigError */
export function requireTool(name: string, debianPackage: string): string {
  const path = Bun.which(name, { PATH: PATH() });
  if (path === null) throw new ConfigError("", name, `it is not installed: apt-get install ${debianPackage}`);
  return path;
}

async function eachLine(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  }
  if (rest !== "") onLine(rest);
  return "";
}

/** The line that says most: the first error, or else the last line. tar begins each with its path. */
function complaint(stderr: string): string | undefined {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "" && !NOISE.test(line));
  const line = lines.find((candidate) => /\berror\b|^E: /i.test(candidate)) ?? lines.at(-1);
  return line?.replace(/^\S*\btar: /, "").trim();
}

/** apt's warnings, and what tar says after the reason. */
const NOISE = /^W: |^\S*\btar: (Error is not recoverable|Exiting with failure status|At beginning of tape)/;
