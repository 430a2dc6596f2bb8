import { expect, test } from "bun:test";
import { profiles } from "../../../../src/security/seccomp/profiles.ts";
import { readRecord, unusedRules } from "../../../support/seccomp-record.ts";

const LOG = `100 getrandom(0x7f00, 0x8, 0) = 0x8
100 openat(0xffffffffffffff9c, 0x7f00, 0) = 0x3
100 seccomp(0x1, 0x1, 0x7f00) = 0x0
101 seccomp(0x1, 0, 0x7f10) = 0x0
101 ioctl(0x5, 0xae80, 0 <unfinished ...>
100 tgkill(0x64, 0x65, 0x22) = 0x0
101 <... ioctl resumed>) = 0x0
100 fork()                       = ? ERESTARTNOINTR
100 seccomp(0x1, 0, 0x7f20) = 0x0
100 write(0x1, 0x7f00, 0x2) = 0x2
`;

test("a record has each call once, with the low halves of its arguments", () => {
  const calls = readRecord(LOG);
  expect(calls.map(({ name }) => name)).toEqual([
    ...["getrandom", "openat", "seccomp", "seccomp", "ioctl", "tgkill", "fork", "seccomp", "write"],
  ]);
  expect(calls[1]).toEqual({ thread: 100, name: "openat", arguments: [0xffff_ff9c, 0x7f00, 0] });
  expect(calls[4]).toEqual({ thread: 101, name: "ioctl", arguments: [5, 0xae80, 0] });
});

test("a record by perf is read as one by strace is", () => {
  const calls = readRecord("  100 raw_syscalls:sys_enter: NR 257 (ffffffffffffff9c, 7f00, 0, 0, 0, 0)\n");

  expect(calls).toEqual([{ thread: 100, name: "openat", arguments: [0xffff_ff9c, 0x7f00, 0, 0, 0, 0] }]);
});

test("what calls came to is used, by the filters of their threads and from these on", () => {
  const unused = unusedRules([readRecord(LOG)], (pid) => profiles(pid, []));
  const lacks = (thread: string, call: string) =>
    unused.some((one) => one.thread === thread && one.calls.includes(call));
  // Before any filter.
  expect(lacks("every thread", "getrandom")).toBe(true);
  // What is refused quietly opens nothing.
  expect(lacks("every thread", "openat")).toBe(false);
  // By a thread whose own filter came later.
  expect([lacks("every thread", "tgkill"), lacks("main", "tgkill")]).toEqual([false, true]);
  expect([lacks("every thread", "write"), lacks("main", "write"), lacks("vcpu", "write")]).toEqual([
    false,
    false,
    true,
  ]);
  const runs = unused.filter(({ thread, why }) => thread === "vcpu" && why.startsWith("runs the guest"));
  expect([runs, lacks("vcpu", "pause")]).toEqual([[], true]);
  expect(unused.find(({ thread, calls }) => thread === "vcpu" && calls.includes("pause"))).toMatchObject({
    isWhole: true,
    why: "when all is over",
  });
});
