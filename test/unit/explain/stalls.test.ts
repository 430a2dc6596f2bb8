import { describe, expect, test } from "bun:test";
import { type Finding, mended } from "../../../src/explain/stall.ts";
import { STALLS } from "../../../src/explain/stalls/registry.ts";
import { type BootOptions, bootOf, portRun, QUICK } from "./boots.ts";

function find(name: string, boot: BootOptions): Finding | undefined {
  return STALLS.find((stall) => stall.name === name)!.find(bootOf(boot));
}

/** The command line with what this finding says. */
function mendedBy(finding: Finding | undefined, commandLine = ""): string {
  return mended(commandLine, finding ? [finding.mend] : []);
}

const TESTED = new Set<string>();
const stall = (name: string, check: () => void) => {
  TESTED.add(name);
  test(name, check);
};

describe("a known stall is found by what it leaves behind, and its mend goes on the command line:", () => {
  stall("decompression", () => {
    const log = QUICK.replace("offset of 25000000", "offset of 320000000");
    // From KVM_RUN at 30 ms to the clock's begin at 10 + 320 ms.
    expect(find("decompression", { log, isPacked: true })?.ms).toBe(300);
    expect(find("decompression", { log, isPacked: true })?.mend.text).toContain("volt kernel add");
    expect(find("decompression", { log })).toBeUndefined();
  });

  stall("TSC calibration", () => {
    const log = `[    0.000000] tsc: Fast TSC calibration using PIT\n[    0.000000] tsc: Detected 2399.998 MHz processor\n`;
    const found = find("TSC calibration", { log });
    expect(found).toMatchObject({ ms: undefined, seen: expect.stringContaining("Fast TSC calibration using PIT") });
    expect(mendedBy(found, "no-kvmclock quiet")).toBe("quiet tsc_early_khz=2399998");
  });

  stall("delay loop calibration", () => {
    const log =
      "[    0.010000] Console: colour dummy device 80x25\n[    0.090000] Calibrating delay loop... 4800.51 BogoMIPS (lpj=2400256)\n";
    const found = find("delay loop calibration", { log });
    expect(found?.ms).toBeCloseTo(80);
    expect(mendedBy(found)).toBe("lpj=2400256");
  });

  stall("LAPIC timer calibration", () => {
    const log = "[    0.100000] x2apic enabled\n[    0.210000] smpboot: CPU0: Intel Xeon\n";
    const found = find("LAPIC timer calibration", { log });
    expect(found?.ms).toBeCloseTo(110);
    expect(mendedBy(found, "lapic=notscdeadline quiet")).toBe("quiet");
    expect(
      find("LAPIC timer calibration", { log: `[    0.090000] TSC deadline timer available\n${log}` }),
    ).toBeUndefined();
  });

  stall("ACPI", () => {
    const log = "[    0.500000] initcall acpi_init+0x0/0x4bd returned 0 after 92000 usecs\n";
    expect(find("ACPI", { log })).toMatchObject({ ms: 92 });
    expect(mendedBy(find("ACPI", { log }))).toBe("acpi=off");
    expect(find("ACPI", { log, commandLine: "acpi=off" })).toBeUndefined();
  });

  stall("PCI scan", () => {
    const ports = [{ port: 0xcfc, reads: 8192, writes: 1 }];
    const found = find("PCI scan", { ports, runs: [portRun(0xcf8, 16_385, 70)] });
    expect(found).toMatchObject({ ms: 70, seen: expect.stringContaining("8193 exits") });
    expect(mendedBy(found)).toBe("pci=off");
  });

  stall("initramfs", () => {
    const unpacked =
      "[    0.200000] Trying to unpack rootfs image as initramfs...\n[    0.900000] Freeing initrd memory: 2288K\n";
    expect(find("initramfs", { log: unpacked })?.ms).toBeCloseTo(700);
    const called = "[    0.900000] initcall populate_rootfs+0x0/0x40 returned 0 after 450000 usecs\n";
    expect(find("initramfs", { log: called })).toMatchObject({ ms: 450 });
  });

  stall("crypto self-tests", () => {
    const log = `[    1.100000] initcall crypto_kdf108_init+0x0/0x156 returned 0 after 90000 usecs
[    1.900000] initcall crypto_algapi_init+0x0/0x7e returned 0 after 180000 usecs
`;
    expect(find("crypto self-tests", { log })).toMatchObject({ ms: 270 });
    expect(mendedBy(find("crypto self-tests", { log }))).toBe("cryptomgr.notests");
    expect(find("crypto self-tests", { log, commandLine: "cryptomgr.notests" })).toBeUndefined();
  });

  stall("serial port probe", () => {
    const ports = [{ port: 0x2f9, reads: 20, writes: 20 }];
    const found = find("serial port probe", { ports, runs: [portRun(0x2f8, 40, 3)] });
    expect(found).toMatchObject({ ms: 3, seen: expect.stringContaining("40 exits") });
    expect(mendedBy(found, "8250.nr_uarts=4 quiet")).toBe("quiet 8250.nr_uarts=1");
  });

  stall("i8042 probe", () => {
    const ports = [
      { port: 0x60, reads: 30, writes: 12 },
      { port: 0x64, reads: 900, writes: 40 },
    ];
    const log = "[    1.000000] initcall i8042_init+0x0/0x70 returned 0 after 505000 usecs\n";
    const found = find("i8042 probe", { log, ports, runs: [portRun(0x60, 982, 480)] });
    expect(found).toMatchObject({ ms: 505, seen: expect.stringContaining("982 exits") });
    expect(mendedBy(found, "i8042.noaux quiet")).toBe("i8042.noaux quiet i8042.nomux i8042.dumbkbd");
    const words = "i8042.noaux i8042.nomux i8042.dumbkbd";
    expect(mendedBy(find("i8042 probe", { log, commandLine: words }), words)).toBe(words);
  });

  stall("serial output", () => {
    const ports = [
      { port: 0x3f8, reads: 0, writes: 12_000 },
      { port: 0x3fd, reads: 12_000, writes: 0 },
    ];
    const found = find("serial output", { ports, runs: [portRun(0x3f8, 20_000, 300), portRun(0x3f8, 4000, 60)] });
    expect(found).toMatchObject({ ms: 360, seen: expect.stringContaining("12000 bytes") });
    const commandLine = "console=ttyS0 earlyprintk=serial loglevel=7 debug";
    expect(mendedBy(found, commandLine)).toBe("console=ttyS0 quiet loglevel=1");
    // What came only because it was asked for is no stall of the user's boot.
    const asked: BootOptions = { ports, runs: [portRun(0x3f8, 20_000, 300)], logFrom: "console" };
    expect(find("serial output", { ...asked, commandLine: "console=ttyS0 quiet" })).toBeUndefined();
    expect(find("serial output", asked)?.seen).toContain("(initcall_debug's among them)");
  });

  stall("entropy", () => {
    const log = "[    0.900000] Run /init as init process\n[    4.900000] random: crng init done\n";
    expect(find("entropy", { log })?.ms).toBeCloseTo(4000);
    expect(mendedBy(find("entropy", { log }), "random.trust_cpu=off")).toBe("random.trust_cpu=on");
  });

  stall("device time-out", () => {
    const log = `[    0.300000] calling  floppy_init+0x0/0x900 @ 1
[    3.300000] floppy0: timed out waiting for the controller
[    3.310000] initcall floppy_init+0x0/0x900 returned -19 after 3010000 usecs
[    3.400000] Run /init as init process
`;
    const found = find("device time-out", { log });
    expect(found?.ms).toBeCloseTo(3000);
    expect(mendedBy(found)).toBe("initcall_blacklist=floppy_init");
  });

  stall("wait for the root disk", () => {
    const log = "[    1.000000] Waiting 3 sec before mounting root device...\n";
    const found = find("wait for the root disk", { log, commandLine: "root=/dev/vda rootdelay=3" });
    expect(found?.ms).toBe(3000);
    expect(mendedBy(found, "root=/dev/vda rootdelay=3")).toBe("root=/dev/vda rootwait");
  });

  stall("wait after a panic", () => {
    const log = "[    1.413470] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n";
    const found = find("wait after a panic", { log, commandLine: "reboot=k panic=1 pci=off" });
    expect(found?.ms).toBe(1000);
    expect(mendedBy(found, "reboot=k panic=1 pci=off")).toBe("reboot=k pci=off panic=-1");
    expect(find("wait after a panic", { log, commandLine: "panic=-1" })).toBeUndefined();
  });
});

test("every known stall has its test, and a boot without any has none of them", () => {
  expect(STALLS.map(({ name }) => name).filter((name) => !TESTED.has(name))).toEqual([]);
  const quick = bootOf({ log: QUICK, commandLine: "console=ttyS0 quiet pci=off panic=-1" });
  expect(STALLS.filter(({ find }) => find(quick)).map(({ name }) => name)).toEqual([]);
});

describe("mends on a command line", () => {
  test("come before what is for init, and no word comes twice", () => {
    const mends = [
      { text: "", add: ["quiet", "pci=off"] },
      { text: "", add: ["quiet"], remove: [/^panic=/] },
    ];
    expect(mended("console=ttyS0 panic=1 pci=off -- single", mends)).toBe("console=ttyS0 pci=off quiet -- single");
  });
});
