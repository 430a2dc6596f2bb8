/** Whole lives of the built program on this host's /dev/kvm: how a guest ends is how volt ends. */
import { describe, expect, test } from "bun:test";
import { END, exitStatus, print, tinyKernel } from "./tiny-kernel.ts";
import { Folder, volt } from "./volt.ts";

describe("volt's exit status", () => {
  test.each([
    ["0 when the guest resets by the keyboard controller", END.reset, 0],
    ["0 when it powers off", END.poweroff, 0],
    ["0 when it uses the ACPI reset register", END.acpiReset, 0],
    ["what the guest wrote to port 0x501 before a reset", exitStatus(7) + END.reset, 7],
    ["what it wrote before a power-off", exitStatus(255) + END.poweroff, 255],
    ["the last of several", exitStatus(1) + exitStatus(2) + END.reset, 2],
    ["124 when the guest says it panicked", END.panicked, 124],
    ["124 when a panic comes after a status", exitStatus(7) + END.panicked, 124],
    ["124 at a triple fault", END.tripleFault, 124],
    ["124 at a triple fault after a status", exitStatus(7) + END.tripleFault, 124],
  ])("is %s", async (_, program, expected) => {
    using folder = new Folder();
    const end = await volt(tinyKernel(folder, program).run);
    expect(end).toEqual({ status: expected, stdout: Buffer.alloc(0), stderr: "" });
  });
});

test.each([
  ["a triple fault", END.tripleFault, "crashed: triple fault"],
  ["a panic", END.panicked, "crashed: its kernel panicked"],
])("%s is told in the log, for who asks for more than warnings", async (_, program, text) => {
  using folder = new Folder();
  const { stderr } = await volt([...tinyKernel(folder, program).run, "--log-level", "info"]);
  expect(stderr).toContain(`volt: info: the guest ${text}\n`);
});

test("what the guest prints is all that is on stdout", async () => {
  using folder = new Folder();
  const end = await volt(tinyKernel(folder, print("hello") + END.reset).run);
  expect(end).toEqual({ status: 0, stdout: Buffer.from("hello"), stderr: "" });
});

test("an exit that can't be served is told in one line: reason, registers, bytes at RIP", async () => {
  using folder = new Folder();
  const { status, stdout, stderr } = await volt(tinyKernel(folder, END.unserved).run);
  expect({ status, stdout: stdout.toString() }).toEqual({ status: 125, stdout: "" });
  expect(stderr).toMatch(
    /^volt: vCPU 0 can't go on: KVM_EXIT_INTERNAL_ERROR \(an instruction KVM could not emulate\);/,
  );
  expect(stderr).toMatch(/ rip=0x1000005 /);
  expect(stderr).toMatch(/ rcx=0xc0001000 /);
  // popcnt eax, [rcx]
  expect(stderr).toMatch(/; bytes at RIP: f30fb801[0-9a-f]{24}\n$/);
});

test("two lives side by side do not know of each other", async () => {
  using folder = new Folder();
  using other = new Folder();
  const ends = await Promise.all([
    volt(tinyKernel(folder, print("one") + exitStatus(1) + END.reset).run),
    volt(tinyKernel(other, print("two") + exitStatus(2) + END.reset).run),
  ]);
  expect(ends.map(({ status, stdout }) => [status, stdout.toString()])).toEqual([
    [1, "one"],
    [2, "two"],
  ]);
});

test("as many vCPUs as there may be come and go", async () => {
  using folder = new Folder();
  const end = await volt([...tinyKernel(folder, exitStatus(3) + END.reset).run, "--cpus", "32"]);
  expect(end).toEqual({ status: 3, stdout: Buffer.alloc(0), stderr: "" });
});

test("a kernel with a PVH entry is entered by it when asked to", async () => {
  using folder = new Folder();
  const { path, run } = tinyKernel(folder, END.reset);
  expect((await volt([...run, "--boot-protocol", "pvh"])).stderr).toBe(
    `volt: ${path}: this kernel has no PVH entry; use the 64-bit entry, or a kernel built with CONFIG_PVH\n`,
  );
});
