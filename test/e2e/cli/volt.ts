/** Runs the built `volt` on this very machine, in surroundings that hold nothing but what a test puts there. */
import { expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { atMost } from "../../support/emulated.ts";

/** What is tested: `dist/volt`, or what VOLT_BINARY names. */
export const VOLT = resolve(process.env["VOLT_BINARY"] ?? join(import.meta.dirname, "../../../dist/volt"));
/** A volt that hangs is killed after so long; none of these takes a second on an idle machine. */
const LIMIT_MS = atMost(60_000);

export interface VoltOptions {
  readonly cwd?: string;
  /** Added to PATH, which is all there is otherwise. */
  readonly env?: Readonly<Record<string, string>>;
  /** What stdin holds; nothing without it. */
  readonly input?: string | Uint8Array<ArrayBuffer>;
  /** Words before volt's own: a program that starts it. */
  readonly by?: readonly string[];
  /** In place of VOLT. */
  readonly program?: string;
}

export interface VoltEnd {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs volt to its end. @throws Error when that does not come */
export async function volt(args: readonly string[], options: VoltOptions = {}): Promise<VoltEnd> {
  const { cwd, env, input = "", by = [], program = VOLT } = options;
  const child = Bun.spawn([...by, program, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: cleanEnvironment(env),
    stdin: typeof input === "string" ? Buffer.from(input) : input,
    stdout: "pipe",
    stderr: "pipe",
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr, status] = await Promise.all([
    new Response(child.stdout).arrayBuffer(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (child.signalCode === "SIGKILL")
    throw new Error(`volt ${args.join(" ")} was killed, perhaps late; it said: ${stderr}`);
  return { status, stdout: Buffer.from(stdout), stderr };
}

/** Nothing of the environment that the tests run in, and a kernel store that is not there. */
export function cleanEnvironment(env: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", VOLT_HOME: "/nonexistent/volt", ...env };
}

/**
 * Runs a volt that must fail as the contract says: status 125, nothing on stdout, one line on stderr, no stack.
 * @returns that line, without `volt: `
 */
export async function failure(args: readonly string[], options: VoltOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await volt(args, options);
  expect(stderr).toMatch(/^volt: \P{Cc}+\n$/u);
  expect({ status, stdout: stdout.toString() }).toEqual({ status: 125, stdout: "" });
  return stderr.slice("volt: ".length, -1);
}

/** A folder that is gone with the test. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "volt-cli-"));

  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
