import { expect, setDefaultTimeout, test } from "bun:test";
import { stockKernel } from "../../../scripts/guest-kernel.ts";
import { fullKernel } from "./full-kernel.ts";
import { guest, LIMIT } from "./volt.ts";

setDefaultTimeout(LIMIT);
const { bzImage, vmlinux, version } = await stockKernel();
const info = ["--log-level", "info"];

test.concurrent("the stored vmlinux boots by its 64-bit entry, and the log says why", async () => {
  const { status, stdout, log } = await guest("uname -r; echo user space", info);

  expect({ status, stdout }).toEqual({ status: 0, stdout: `${version}\nuser space\n` });
  expect(log).toContain(
    `kernel ${vmlinux} at 0x1000000, entry 0x1000000: Linux takes a random seed by its 64-bit entry\n`,
  );
});

test.concurrent("the stored vmlinux boots by PVH when asked to", async () => {
  const { status, stdout, log } = await guest("uname -r; grep -c . /proc/iomem; ls -d /sys/firmware/acpi", [
    ...info,
    ...["--boot-protocol", "pvh"],
  ]);

  expect({ status, log }).toMatchObject({ status: 0, log: expect.stringContaining(": PVH was asked for\n") });
  expect(stdout).toMatch(new RegExp(`^${version}\n\\d+\n/sys/firmware/acpi\n$`));
});

test.concurrent("a vmlinux outside the store boots by the 64-bit entry when asked to", async () => {
  const flags = [...info, ...["--boot-protocol", "linux", "--kernel", vmlinux]];
  const { status, stdout, log } = await guest("uname -r; lsmod | wc -l", flags);

  expect({ status, stdout }).toEqual({ status: 0, stdout: `${version}\n1\n` });
  expect(log).toContain(": the 64-bit entry was asked for\n");
});

test.concurrent("a bzImage unpacks itself and boots by its 64-bit entry", async () => {
  const { status, stdout, log } = await guest("uname -r; cat /proc/cmdline", [
    ...info,
    ...["--kernel", bzImage, "--append", "one=1 two"],
  ]);

  expect(status).toBe(0);
  expect(stdout).toMatch(new RegExp(`^${version}\nconsole=ttyS0 .* one=1 two\n$`));
  expect(log).toContain(`kernel ${bzImage} at 0x1000000, entry 0x1000200: a bzImage has a 64-bit entry\n`);
});

test.concurrent("a bzImage cannot be entered by PVH, and the message says what to do", async () => {
  const { status, stdout, log } = await guest("true", ["--kernel", bzImage, "--boot-protocol", "pvh"]);

  expect({ status, stdout, log }).toEqual({
    status: 125,
    stdout: "",
    log: `volt: ${bzImage}: a bzImage has no PVH entry; use the 64-bit entry, or give its vmlinux\n`,
  });
});

test.concurrent("with acpi=off a kernel that reads the MP table gets two processors and the I/O APIC from it", async () => {
  const flags = ["--kernel", await fullKernel(), "--cpus", "2", "--append", "acpi=off"];
  const script = "nproc; ls /sys/firmware; cat /proc/interrupts; dmesg | grep -e MPTABLE -e MultiProcessor -e IOAPIC";
  const { status, stdout } = await guest(`${script}; exit 4`, flags);

  // There is no power-off without ACPI: the guest resets, and its status counts all the same.
  expect(status).toBe(4);
  expect(stdout).toMatch(/^2\n/);
  expect(stdout).not.toMatch(/^acpi$/m);
  expect(stdout).toMatch(/IO-APIC +4-edge +ttyS0\n/);
  expect(stdout).toMatch(/IO-APIC +8-edge +rtc0\n/);
  expect(stdout).toContain("Intel MultiProcessor Specification v1.4\n");
  expect(stdout).toContain("MPTABLE: APIC at: 0xFEE00000\n");
  expect(stdout).toMatch(/IOAPIC\[0\]: apic_id 2, version \d+, address 0xfec00000, GSI 0-23\n/);
});

test.concurrent("with acpi=off a kernel that can't read the MP table works with the old interrupt controller", async () => {
  const { status, stdout } = await guest("nproc; cat /proc/interrupts; exit 4", ["--append", "acpi=off"]);

  expect(status).toBe(4);
  expect(stdout).toMatch(/^1\n/);
  expect(stdout).toMatch(/XT-PIC +timer\n/);
  expect(stdout).toMatch(/4: +[1-9]\d* +XT-PIC +ttyS0\n/);
});
