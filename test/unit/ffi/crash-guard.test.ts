import { expect, test } from "bun:test";
import { constants } from "node:os";
import { join } from "node:path";
import { CrashGuard } from "../../../ffi/crash-guard.ts";
import { makeRaw, restore, type TerminalSettings } from "../../../ffi/terminal.ts";
import { ROOT } from "../../support/source-tree.ts";
import { openTerminal } from "./pseudoterminal.ts";

interface Crash {
  readonly before: TerminalSettings;
  readonly after: TerminalSettings;
  /** The signal that ended the process; undefined when none did. */
  readonly end: string | undefined;
}

/**
 * Has a process of its own run a script on a terminal and crash.
 * `process.kill` will not do: Bun puts the default action back before it sends itself a signal that crashes.
 */
function crash(signal: keyof typeof constants.signals, script: string): Crash {
  using pair = openTerminal();
  const before = settingsOf(pair.terminal.number);
  const modules = ["CrashGuard", "makeRaw", "libc"].map((name, i) => {
    const file = ["crash-guard", "terminal", "libc"][i];
    return `import { ${name} } from ${JSON.stringify(join(ROOT, `ffi/${file}.ts`))};`;
  });
  const program = [...modules, script, `libc.kill(process.pid, ${constants.signals[signal]});`].join("\n");
  const run = Bun.spawnSync([process.execPath, "-e", program], {
    stdio: [pair.terminal.number, "ignore", "ignore"],
    timeout: 10_000,
  });
  const end = run.exitedDueToTimeout ? "the time limit" : run.signalCode;
  return { before, after: settingsOf(pair.terminal.number), end: end === undefined ? undefined : String(end) };
}

function settingsOf(terminal: number): TerminalSettings {
  const settings = makeRaw(terminal);
  restore(terminal, settings);
  return settings;
}

test.each(["SIGSEGV", "SIGBUS", "SIGILL", "SIGTRAP", "SIGABRT", "SIGFPE", "SIGSYS"] as const)(
  "%s gives the terminal its settings back, and still ends the process by a signal",
  (signal) => {
    const { before, after, end } = crash(signal, "const guard = new CrashGuard(); guard.arm(0, makeRaw(0));");
    expect(after).toEqual(before);
    expect(end).toStartWith("SIG");
  },
);

test("without a guard the same crash leaves the terminal raw", () => {
  const { before, after } = crash("SIGSEGV", "makeRaw(0);");
  expect(after).not.toEqual(before);
});

test("a guard that is gone has put the former actions back", () => {
  using pair = openTerminal();
  const guard = new CrashGuard();
  guard.arm(pair.terminal.number, settingsOf(pair.terminal.number));
  const guarded = caughtSignals();
  guard[Symbol.dispose]();
  expect(guarded & 0b100_0000n).not.toBe(0n);
  expect(caughtSignals() & ~guarded).toBe(0n);
});

/** Signals that this process catches, bit N - 1 for signal N. */
function caughtSignals(): bigint {
  const { stdout } = Bun.spawnSync(["grep", "SigCgt", `/proc/${process.pid}/status`]);
  return BigInt(`0x${stdout.toString().split(/\s+/)[1]}`);
}
