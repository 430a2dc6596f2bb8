import { describe, expect, test } from "bun:test";
import { Fd } from "../../../../ffi/fd.ts";
import { CODE, SOURCE } from "../../../../ffi/program/code.ts";
import { type Call, program, readReport, SUPERVISE } from "../../../../ffi/program/program.ts";
import { assemble } from "../../../kvm/tiny/assemble.ts";

const EXIT = (status: number): Call => ({ call: "exit_group", arguments: [status] });
const ENOENT = 2;
const EBADF = 9;

/** Runs the calls, and then one that prints what they came to. */
function run(calls: readonly Call[], args: Call[] = []) {
  const report = new Uint8Array(2 * (calls.length + args.length + 2));
  const printing: Call[] = [{ call: "write", arguments: [1, report, report.length] }, EXIT(0)];
  using file = Fd.sealed("test", program([...calls, ...args, ...printing], { bytes: report, offset: 0 }));
  const { stdout, exitCode } = Bun.spawnSync([`/proc/${process.pid}/fd/${file.number}`]);
  const text = stdout.toString();
  return {
    exitCode,
    printed: text.slice(0, -report.length),
    outcomes: readReport(text.slice(-report.length)).slice(0, -2),
  };
}

test("the code is what its assembly says", () => {
  expect(CODE).toEqual(new Uint8Array(assemble(SOURCE, 64, 0)));
});

describe("a program", () => {
  test("makes its calls in their order and tells what they came to", () => {
    const write = (text: string): Call => ({ call: "write", arguments: [1, text, text.length] });
    expect(run([write("one "), write("two")])).toEqual({ exitCode: 0, printed: "one two", outcomes: [0, 0] });
  });

  test("goes on after an error, with its number", () => {
    const open: Call = { call: "open", arguments: ["/no/such/file", 0] };
    expect(run([open, { call: "close", arguments: [-1] }]).outcomes).toEqual([ENOENT, EBADF]);
  });

  test("goes on elsewhere after an error, where a call says so", () => {
    const getpid: Call = { call: "getpid", arguments: [] };
    expect(run([{ call: "close", arguments: [-1], onError: 2 }, getpid, getpid]).outcomes).toEqual([
      EBADF,
      undefined,
      0,
    ]);
    expect(run([{ ...getpid, onError: 2 }, getpid, getpid]).outcomes).toEqual([0, 0, 0]);
  });

  test("passes a result on, as an argument and inside of one", () => {
    const message = new Uint8Array(Buffer.from("....hello"));
    const eventfd: Call = { call: "eventfd2", arguments: [0, 0], result: { call: 1, argument: 0 } };
    const outcomes = run([
      eventfd,
      { call: "close", arguments: [-1] },
      { call: "getuid", arguments: [], result: { bytes: message, offset: 0 } },
      { call: "write", arguments: [1, message, message.length] },
    ]);
    expect(outcomes.outcomes).toEqual([0, 0, 0, 0]);
    expect(Buffer.from(outcomes.printed, "latin1").readUInt32LE()).toBe(process.getuid!());
  });

  test("executes another one, with a list of texts", () => {
    const text = (string: string) => new Uint8Array(Buffer.from(`${string}\0`));
    const exec: Call = {
      call: "execve",
      arguments: ["/bin/sh", ["sh", "-c", 'echo "$0 $X"', "zero"].map(text), [text("X=1")]],
    };
    const report = new Uint8Array(4);
    using file = Fd.sealed("test", program([exec, EXIT(1)], { bytes: report, offset: 0 }));
    const { stdout } = Bun.spawnSync([`/proc/${process.pid}/fd/${file.number}`]);
    expect(stdout.toString()).toBe("zero 1\n");
  });

  test("has one thread and an end of its own", () => {
    using file = Fd.sealed("test", program([EXIT(7)], { bytes: new Uint8Array(2), offset: 0 }));
    expect(Bun.spawnSync([`/proc/${process.pid}/fd/${file.number}`]).exitCode).toBe(7);
  });
});

test("a report tells every errno there is", () => {
  const digits = (n: number) => String.fromCharCode(48 + (n >> 4), 48 + (n & 15));
  const all = Array.from({ length: 134 }, (_, i) => i);
  expect(readReport(all.map(digits).join(""))).toEqual(all);
  expect(readReport("..00")).toEqual([undefined, 0]);
});

describe("a parent that supervises", () => {
  const [SIGKILL, SIGTERM, SIGCHLD, SIG_BLOCK] = [9, 15, 17, 0];
  const set = new Uint8Array(8);
  for (const signal of [SIGTERM, SIGCHLD]) set[(signal - 1) >> 3]! |= 1 << ((signal - 1) & 7);
  const supervise: readonly Call[] = [
    { call: "rt_sigprocmask", arguments: [SIG_BLOCK, set, 0, 8] },
    { call: SUPERVISE, arguments: [set] },
  ];
  const make = (calls: readonly Call[]) => {
    const report = new Uint8Array(2 * (calls.length + supervise.length));
    return Fd.sealed("test", program([...supervise, ...calls], { bytes: report, offset: 0 }));
  };
  const spawn = (file: Fd) => Bun.spawn([`/proc/${process.pid}/fd/${file.number}`], { stdout: "pipe" });

  test("ends as its child does", async () => {
    using file = make([EXIT(7)]);
    expect(await spawn(file).exited).toBe(7);
  });

  test("ends with 128 and the signal that ended its child", async () => {
    const kill: Call = { call: "kill", arguments: [0, SIGKILL] };
    using file = make([{ call: "getpid", arguments: [], result: { call: 3, argument: 0 } }, kill, EXIT(0)]);
    expect(await spawn(file).exited).toBe(128 + SIGKILL);
  });

  test("hands on the signals it gets", async () => {
    const wait: Call = { call: "rt_sigtimedwait", arguments: [set, 0, 0, 8], result: { call: 4, argument: 0 } };
    using file = make([{ call: "write", arguments: [1, "up", 2] }, wait, EXIT(0)]);
    const parent = spawn(file);
    for await (const bytes of parent.stdout) {
      expect(Buffer.from(bytes).toString()).toBe("up");
      parent.kill("SIGTERM");
    }
    expect(await parent.exited).toBe(SIGTERM);
  });
});
