/** More vCPUs than a nested machine has CPUs: they take minutes to come up, and its emulation often crashes under them. */
import { expect, test } from "bun:test";
import { fullKernel } from "../e2e/guests/full-kernel.ts";
import { guest } from "../e2e/guests/volt.ts";

const LIMIT_MS = 900_000;

test.each([3, 8, 32])(
  "a guest brings %i vCPUs up, and finds them in one package",
  async (cpus) => {
    const last = cpus - 1;
    const topology = `/sys/devices/system/cpu/cpu${last}/topology`;
    const script = `nproc; cat /sys/devices/system/cpu/online ${topology}/package_cpus_list ${topology}/core_id`;
    const { status, stdout } = await guest(script, ["--cpus", String(cpus), "--memory", "256M"], { limitMs: LIMIT_MS });

    expect({ status, stdout }).toEqual({ status: 0, stdout: `${cpus}\n0-${last}\n0-${last}\n${last}\n` });
  },
  2 * LIMIT_MS,
);

test(
  "without ACPI a kernel finds 16 vCPUs and the I/O APIC in the MP table",
  async () => {
    const script = `nproc; cat /sys/devices/system/cpu/online; ls /sys/firmware; grep -c '^apicid' /proc/cpuinfo
      dmesg | grep -c 'Processor #'; dmesg | grep -e 'I/O APIC' -e IOAPIC; grep -c IO-APIC /proc/interrupts; exit 4`;
    const flags = ["--kernel", await fullKernel(), "--cpus", "16", "--memory", "512M", "--append", "acpi=off"];
    const { status, stdout } = await guest(script, flags, { limitMs: LIMIT_MS });

    expect(status).toBe(4);
    expect(stdout).toMatch(/^16\n0-15\n(?!.*acpi)/);
    expect(stdout).not.toMatch(/^acpi$/m);
    // Behind the processors' ids: a byte of the table can hold no other.
    expect(stdout).toMatch(/IOAPIC\[0\]: apic_id 16, version \d+, address 0xfec00000, GSI 0-23\n/);
  },
  2 * LIMIT_MS,
);
