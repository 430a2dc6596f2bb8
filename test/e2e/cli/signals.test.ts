/** How a running VM is ended from outside, and what it leaves behind. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { atMost, times } from "../../support/emulated.ts";
import { RunningVolt } from "./process.ts";
import { END, exitStatus, print, tinyKernel } from "./tiny-kernel.ts";
import { Folder, volt } from "./volt.ts";

const LIMIT_MS = atMost(120_000);

describe.each([
  ["spins", END.spin],
  ["is halted", END.halt],
])("a guest that %s and does not listen", (_, program) => {
  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("is ended after --stop-timeout by %s: %i, and a warning", async (signal, status) => {
    using folder = new Folder();
    await using vm = new RunningVolt([...tinyKernel(folder, print("up") + program).run, "--stop-timeout", "0.2"]);
    await vm.printed("up");
    vm.signal(signal);
    expect(await vm.end()).toEqual({
      status,
      stdout: Buffer.from("up"),
      stderr: "volt: warn: the guest did not shut down within 0.2 s: ended (--stop-timeout)\n",
    });
  });

  test.each([
    ["SIGHUP", 129],
    ["SIGQUIT", 131],
    ["SIGUSR1", 138],
    ["SIGALRM", 142],
  ] as const)("is ended at once by %s: %i", async (signal, status) => {
    using folder = new Folder();
    await using vm = new RunningVolt([...tinyKernel(folder, print("up") + program).run, "--stop-timeout", "86400"]);
    await vm.printed("up");
    vm.signal(signal);
    expect(await vm.end()).toEqual({ status, stdout: Buffer.from("up"), stderr: "" });
  });
});

test("a second SIGTERM neither shortens the guest's time nor is lost as SIGHUP's end is", async () => {
  using folder = new Folder();
  await using vm = new RunningVolt([...tinyKernel(folder, print("up") + END.halt).run, "--stop-timeout", "86400"]);
  await vm.printed("up");
  vm.signal("SIGTERM");
  vm.signal("SIGTERM");
  vm.signal("SIGHUP");
  expect((await vm.end()).status).toBe(129);
});

test("a guest that has shown a status keeps it out of a signal's", async () => {
  using folder = new Folder();
  await using vm = new RunningVolt(tinyKernel(folder, exitStatus(7) + print("up") + END.halt).run);
  await vm.printed("up");
  vm.signal("SIGHUP");
  expect((await vm.end()).status).toBe(129);
});

test("a signal that comes during the start is not lost", async () => {
  using folder = new Folder();
  const { run } = tinyKernel(folder, END.halt);
  for (let i = 0; i < 5; i++) {
    await using vm = new RunningVolt([...run, "--stop-timeout", "0"]);
    // Anywhere in the start: before the first line of volt's the kernel's default ends it, after it volt does.
    await Bun.sleep(i * 8);
    vm.signal("SIGTERM");
    expect((await vm.end()).status).toBe(143);
  }
});

test("SIGKILL leaves no process behind, nor a file", async () => {
  using folder = new Folder();
  const { run } = tinyKernel(folder, print("up") + END.spin);
  const before = readdirSync(folder.path).sort();
  await using vm = new RunningVolt(run, { cwd: folder.path });
  await vm.printed("up");
  const children = vm.children();
  vm.signal("SIGKILL");
  await vm.end();
  expect(children).toEqual([]);
  expect(existsSync(`/proc/${vm.pid}`)).toBe(false);
  expect(readdirSync(folder.path).sort()).toEqual(before);
});

test("its threads are named for what they do", async () => {
  using folder = new Folder();
  await using vm = new RunningVolt([...tinyKernel(folder, print("up") + END.halt).run, "--cpus", "3"]);
  await vm.printed("up");
  expect(vm.threads()).toEqual(expect.arrayContaining(["volt", "vcpu 0", "vcpu 1", "vcpu 2"]));
  expect(vm.threads()[0]).toBe("volt");
});

test("as PID 1 of a PID namespace it takes signals, and ends its guest's way", async () => {
  using folder = new Folder();
  const { run } = tinyKernel(folder, print("up") + END.halt);
  const by = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
  expect((await volt(tinyKernel(folder, exitStatus(9) + END.reset).run, { by })).status).toBe(9);

  tinyKernel(folder, print("up") + END.halt);
  await using vm = new RunningVolt([...run, "--stop-timeout", "0.1"], { by });
  await vm.printed("up");
  // unshare waits for its child, which is PID 1 in there.
  process.kill(Number(vm.children()[0]), "SIGTERM");
  expect((await vm.end()).status).toBe(143);
});

test(
  "many lives in a row leave no process and no file",
  async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, print("x") + exitStatus(5) + END.reset);
    const files = () => [...readdirSync(folder.path), ...readdirSync("/dev/shm")].sort();
    const children = () => readFileSync(`/proc/self/task/${process.pid}/children`, "utf8");
    const before = [files(), children()];
    for (let life = 0; life < times(100); life += 4) {
      const ends = await Promise.all([1, 2, 3, 4].map(() => volt(run, { cwd: folder.path })));
      for (const end of ends) expect(end).toEqual({ status: 5, stdout: Buffer.from("x"), stderr: "" });
    }
    expect([files(), children()]).toEqual(before);
  },
  LIMIT_MS,
);
