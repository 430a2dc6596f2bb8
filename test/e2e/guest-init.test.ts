import { expect, test } from "bun:test";
import { cpio } from "../../src/boot/cpio.ts";
import { loadedModules } from "./guest-kernel.ts";
import { GuestVm } from "./guest-vm.ts";

const LIMIT = 120_000;
const shell = (script: string, ...args: (string | Uint8Array)[]) => ["sh", "-c", script, "sh", ...args];

test(
  "a command gets its arguments and environment byte for byte, and its output comes back as it is",
  async () => {
    const args = ["", "two\nlines", "'quotes' \"$HOME\"", "snö ☃", Uint8Array.of(0xff, 0x10, 0x04, 0x80, 0x0d)];
    await using vm = new GuestVm({
      argv: shell('printf "%s|" "$@" "$GREETING" "$(hostname)" "$PWD"', ...args),
      env: { GREETING: "a=b\nc" },
      hostname: "tester.example",
      directory: "/tmp",
    });
    const all = [...args, "a=b\nc", "tester.example", "/tmp"];
    const expected = Buffer.concat(all.flatMap((arg) => [Buffer.from(arg as string), Buffer.from("|")]));

    expect(await vm.end()).toEqual({ status: 0, output: expected });
  },
  LIMIT,
);

test(
  "the exit status is the command's, and what it left running may say its last words",
  async () => {
    const left = '(trap "echo bye; exit" TERM; : > /tmp/armed; while :; do sleep 0.05; done) &';
    const script = `exec 2>/dev/null; ${left} until [ -e /tmp/armed ]; do sleep 0.05; done; echo done; exit 7`;
    await using vm = new GuestVm({ argv: shell(script) });

    expect(await vm.end()).toEqual({ status: 7, output: Buffer.from("done\nbye\n") });
  },
  LIMIT,
);

test(
  "orphans are reaped, and a command that dies of signal 9 has status 137",
  async () => {
    // A process that was not reaped still takes signals.
    const script =
      'orphan=$(sh -c "sleep 0.1 >&- & echo \\$!"); while kill -0 $orphan; do sleep 0.05; done; kill -9 $$';
    await using vm = new GuestVm({ argv: shell(`${script} 2>/dev/null`) });

    expect((await vm.end()).status).toBe(137);
  },
  LIMIT,
);

test(
  "the modules of the initramfs are loaded, and loopback is up",
  async () => {
    await using vm = new GuestVm({ argv: shell("cut -d' ' -f1 /proc/modules; ping -c 1 127.0.0.1 | grep -c ttl=") });
    const { status, output } = await vm.end();
    const lines = output.toString().split("\n");

    expect(loadedModules()).toContain("virtio_blk");
    expect(lines).toEqual(expect.arrayContaining(loadedModules()));
    expect(lines.at(-2)).toBe("1");
    expect(status).toBe(0);
  },
  LIMIT,
);

test(
  "a command that is not there has status 127, and the message says so",
  async () => {
    await using vm = new GuestVm({ argv: ["no-such-command"] });
    const end = await vm.end();

    expect(end.status).toBe(127);
    expect(end.output.toString()).toStartWith("volt-init: cannot run no-such-command: no such file or directory");
  },
  LIMIT,
);

test(
  "a damaged hand-over file ends the machine with status 125",
  async () => {
    const data = new TextEncoder().encode("volt-run 1\0arg=true\0color=red\0");
    const handOver = cpio([
      { kind: "directory", path: "volt" },
      { kind: "file", path: "volt/run", data },
    ]);
    await using vm = new GuestVm({ argv: [], handOver });
    const end = await vm.end();

    expect(end.status).toBe(125);
    expect(end.output.toString()).toContain("volt-init: /volt/run: not understood: color=red");
  },
  LIMIT,
);

test(
  "without ACPI the machine resets in place of a power-off",
  async () => {
    await using vm = new GuestVm({ argv: shell("ls /sys/firmware; exit 4"), cmdline: "acpi=off reboot=k" });
    const end = await vm.end();

    expect(end.status).toBe(4);
    expect(end.output.toString()).not.toContain("acpi");
  },
  LIMIT,
);

test(
  "volt-exit ends the machine at once with the status it is given",
  async () => {
    await using vm = new GuestVm({ argv: shell("volt-exit 300; volt-exit 42; sleep 60; exit 1") });
    const end = await vm.end();

    expect(end.status).toBe(42);
    expect(end.output.toString()).toStartWith("volt-exit: usage: volt-exit STATUS (0 to 255)");
  },
  LIMIT,
);
