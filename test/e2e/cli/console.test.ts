/** The console of a running VM: floods, stuck and missing readers, piped input. */
import { describe, expect, test } from "bun:test";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { atMost } from "../../support/emulated.ts";
import { RunningVolt } from "./process.ts";
import { END, exitStatus, print, tinyKernel } from "./tiny-kernel.ts";
import { cleanEnvironment, Folder, VOLT, volt } from "./volt.ts";

/** Writes `count` bytes, 0 to 255 over and over, without ever asking whether there is room; then "." and the end. */
const flood = (count: number, end: string) =>
  `mov dx, 0x3f8; xor eax, eax; mov ecx, ${count}; 3: out dx, al; inc al; dec ecx; jnz 3b; mov al, '.'; out dx, al; ${end}`;

/** Sets MCR's DTR and RTS, as a driver that listens does; then sends back all it gets until a `q`. */
const ECHO = `
  mov dx, 0x3fc; mov al, 3; out dx, al
  4: mov dx, 0x3fd; in al, dx; test al, 1; jz 4b
  mov dx, 0x3f8; in al, dx
  cmp al, 'q'; je 5f
  out dx, al; jmp 4b
  5: ${exitStatus(3)} ${END.reset}`;

/** Reads the whole of piped input: echoes until Ctrl-D, which is the end of it. */
const ECHO_UNTIL_EOT = ECHO.replace("'q'", "4");

/** More than twice what the guest's ring holds. */
const COUNT = 150_000;
/** The loops are compiled by then, and the rings' pages touched. */
const WARM_UP_MS = atMost(500);
/** What a few seconds may add, and a leak of some bytes for each byte of the guest's exceeds. */
const SOME_KIB = 6 * 1024;

describe("a flood of output", () => {
  test("is whole, in order, when somebody reads it", async () => {
    using folder = new Folder();
    const end = await volt(tinyKernel(folder, flood(COUNT, END.reset)).run);
    const whole = Buffer.alloc(
      COUNT + 1,
      Uint8Array.from({ length: 256 }, (_, i) => i),
    );
    whole[COUNT] = 0x2e;
    expect({ status: end.status, stderr: end.stderr }).toEqual({ status: 0, stderr: "" });
    expect(end.stdout.equals(whole)).toBe(true);
  });

  test.each([
    ["closed", "exec >&-", ""],
    ["read by nobody any more", "exec > >(exec true); sleep 0.1", ""],
    ["a full device", "exec >/dev/full", ""],
  ])("does not stop a guest whose stdout is %s", async (_, how, said) => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, flood(COUNT, exitStatus(6) + END.reset));
    const end = await volt(run, { by: ["bash", "--norc", "-c", `${how}; exec "$@"`, "bash"] });
    expect(end).toEqual({ status: 6, stdout: Buffer.alloc(0), stderr: said });
  });

  test.each([
    ["is stuck", 'exec "$@" > fifo'],
    ["is gone", 'exec > >(exec true); sleep 0.1; exec "$@"'],
    ["is /dev/null", 'exec "$@" > /dev/null'],
  ])("without an end leaves memory level when its reader %s", async (_, how) => {
    using folder = new Folder();
    Bun.spawnSync(["mkfifo", folder.file("fifo")]);
    // Open for reading as well, and never read: the pipe takes 64 KiB and no more.
    const reader = openSync(folder.file("fifo"), "r+");
    const { run } = tinyKernel(folder, "mov dx, 0x3f8; 6: out dx, al; jmp 6b");
    const by = ["bash", "--norc", "-c", how, "bash"];
    await using vm = new RunningVolt([...run, "--log-level", "info"], { by, cwd: folder.path });
    await vm.logged("VM is running");
    await Bun.sleep(WARM_UP_MS);
    const before = vm.privateKib();
    let most = before;
    for (let look = 0; look < 30; look++) {
      most = Math.max(most, vm.privateKib());
      await Bun.sleep(100);
    }
    vm.signal("SIGHUP");
    expect((await vm.end()).status).toBe(129);
    closeSync(reader);
    expect(most - before).toBeLessThan(SOME_KIB);
  });

  test("into a stuck reader says at the end how much was lost", async () => {
    using folder = new Folder();
    Bun.spawnSync(["mkfifo", folder.file("fifo")]);
    const reader = openSync(folder.file("fifo"), "r+");
    const { run } = tinyKernel(folder, flood(COUNT, exitStatus(6) + END.reset));
    const { status, stderr } = await volt(run, { by: ["sh", "-c", 'exec "$@" > fifo', "sh"], cwd: folder.path });
    closeSync(reader);
    expect(status).toBe(6);
    expect(stderr).toMatch(/^volt: warn: \d+ bytes of kernel messages were lost: stdout took them too slowly\n$/);
  });
});

describe("--console none", () => {
  test("writes nothing to stdout, and the guest's polled output goes nowhere", async () => {
    using folder = new Folder();
    const end = await volt([
      ...tinyKernel(folder, print("hello") + flood(COUNT, exitStatus(3) + END.reset)).run,
      "--console",
      "none",
    ]);
    expect(end).toEqual({ status: 3, stdout: Buffer.alloc(0), stderr: "" });
  });

  test("leaves stdin to whoever comes next", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, print("hello") + END.reset);
    writeFileSync(folder.file("input"), "for the next\n");
    const script = `"$0" "$@" --console none; cat`;
    const child = Bun.spawnSync(["sh", "-c", script, VOLT, ...run], {
      stdin: Bun.file(folder.file("input")),
      env: cleanEnvironment(),
    });
    expect(child.stdout.toString()).toBe("for the next\n");
  });
});

describe("piped input", () => {
  test("reaches a guest that polls for it, byte by byte", async () => {
    using folder = new Folder();
    await using vm = new RunningVolt(tinyKernel(folder, ECHO).run);
    vm.send("one ");
    await vm.printed("one ");
    vm.send("two");
    await vm.printed("one two");
    vm.send("q");
    expect(await vm.end()).toEqual({ status: 3, stdout: Buffer.from("one two"), stderr: "" });
  });

  test("arrives whole and ends with a Ctrl-D", async () => {
    using folder = new Folder();
    const input = Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i % 251) + 5));
    const end = await volt(tinyKernel(folder, ECHO_UNTIL_EOT).run, { input });
    expect({ status: end.status, stderr: end.stderr }).toEqual({ status: 3, stderr: "" });
    expect(end.stdout.equals(input)).toBe(true);
  });

  test("from a file ends so too", async () => {
    using folder = new Folder();
    writeFileSync(folder.file("input"), "from a file");
    const { run } = tinyKernel(folder, ECHO_UNTIL_EOT);
    const child = Bun.spawnSync([VOLT, ...run], { stdin: Bun.file(folder.file("input")), env: cleanEnvironment() });
    expect([child.exitCode, child.stdout.toString()]).toEqual([3, "from a file"]);
  });

  test("that does not listen costs nothing: what a guest leaves unread is no error", async () => {
    using folder = new Folder();
    const end = await volt(tinyKernel(folder, print("x") + END.reset).run, { input: "y".repeat(1_000_000) });
    expect(end).toEqual({ status: 0, stdout: Buffer.from("x"), stderr: "" });
  });

  test.each(["</dev/null", "<&-"])("of %s is not waited for", async (redirection) => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, print("x") + END.reset);
    const end = await volt(run, { by: ["sh", "-c", `exec "$@" ${redirection}`, "sh"] });
    expect(end).toEqual({ status: 0, stdout: Buffer.from("x"), stderr: "" });
  });
});

test("stdout that is a file is written where it stands", async () => {
  using folder = new Folder();
  const { run } = tinyKernel(folder, print("guest") + END.reset);
  const script = `{ echo before; "$0" "$@"; echo after; } > out`;
  Bun.spawnSync(["sh", "-c", script, VOLT, ...run], { cwd: folder.path, env: cleanEnvironment() });
  expect(readFileSync(folder.file("out"), "utf8")).toBe("before\nguestafter\n");
});

test("the caller's own pipe is not left non-blocking", async () => {
  using folder = new Folder();
  const { run } = tinyKernel(folder, print("x") + END.reset);
  const flags = "sed -n 's/^flags:[[:space:]]*//p' /proc/self/fdinfo/1 >&2";
  const { stderr } = await volt(run, { by: ["sh", "-c", `${flags}; "$@"; ${flags}`, "sh"] });
  const [before, after] = stderr.split("\n");
  expect(before).toMatch(/^\d+$/);
  expect(after).toBe(before!);
});
