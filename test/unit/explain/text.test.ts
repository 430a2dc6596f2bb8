import { expect, test } from "bun:test";
import { STALLS } from "../../../src/explain/stalls/registry.ts";
import { bootText, gainText, partsOf } from "../../../src/explain/text.ts";
import { type BootOptions, bootOf, portRun, QUICK } from "./boots.ts";

const explained = (boot: ReturnType<typeof bootOf>) =>
  STALLS.flatMap((stall) => {
    const finding = stall.find(boot);
    return finding ? [{ stall, finding }] : [];
  });

test("the parts of a boot add up to all of it", () => {
  const parts = partsOf(bootOf({ log: QUICK }));
  const sum = parts.slice(0, -1).reduce((total, [, ms]) => total + ms, 0);
  expect(parts.at(-1)).toEqual(["from the process's start to the guest's user space", 1100]);
  expect(sum).toBeCloseTo(1100);
});

test("a boot is told by its parts, its slowest steps, its exits by device, and what mends it", () => {
  const ports = [
    { port: 0x60, reads: 400, writes: 100 },
    { port: 0x3f8, reads: 0, writes: 3 },
  ];
  const log = `${QUICK}[    1.000000] initcall i8042_init+0x0/0x70 returned 0 after 505000 usecs\n`;
  const boot = bootOf({
    commandLine: "quiet debug",
    log,
    ports,
    runs: [portRun(0x60, 500, 500), portRun(0x3f8, 3, 1)],
  });
  const text = bootText(boot, explained(boot));
  const squeezed = text.replaceAll(/ +/g, " ");
  expect(squeezed).toContain("A boot of Linux 6.1.0\n command line: quiet debug\n");
  // What no function was timed for is told by the lines around it.
  expect(squeezed).toMatch(/ 505\.0 i8042_init\n(.*\n)* 18\.4 until "TSC deadline timer available" \(after "tsc: .*\n/);
  expect(squeezed).toContain(" 503 of I/O ports, 0 of devices' memory (MMIO)\n");
  expect(squeezed).toContain(
    " 500 in 500.0 ms ports 0x60 to 0x67: keyboard controller\n 3 in 1.0 ms ports 0x3f8 to 0x3ff: serial port\n",
  );
  expect(squeezed).toContain(" the busiest ports, reads/writes: 0x60 400/100, 0x3f8 0/3\n");
  expect(squeezed).toContain(" 505.9 i8042 probe: the keyboard controller's driver looked");
  expect(squeezed).toContain("(command line: add i8042.noaux i8042.nomux i8042.dumbkbd)");
});

test("what the kernel does after it has started init is no step of the boot, but a module's functions are", () => {
  const log = `${QUICK}[    9.000000] reboot: Restarting system
[    9.500000] initcall module_init+0x0/0x1 returned 0 after 400000 usecs\n`;
  const text = bootText(bootOf({ log }), []);
  expect(text).not.toContain("Restarting");
  expect(text).toContain("  400.0  module_init\n");
});

test("stalls are told the largest first, each with the words to add and those to take out", () => {
  const ports = [
    { port: 0x2f9, reads: 20, writes: 20 },
    { port: 0x3f8, reads: 0, writes: 12_000 },
  ];
  const runs = [portRun(0x2f8, 40, 3), portRun(0x3f8, 24_000, 300)];
  const boot = bootOf({ commandLine: "console=ttyS0 debug loglevel=7", log: QUICK, ports, runs });
  const text = bootText(boot, explained(boot));
  expect(text).toMatch(/serial output: .*\n.*\n.*serial port probe: /);
  expect(text).toContain("(command line: add quiet loglevel=1, take out debug loglevel=7)\n");
  expect(text).toContain("(command line: add 8250.nr_uarts=1)\n");
});

test("a boot with nothing to mend says so", () => {
  expect(bootText(bootOf({ log: QUICK }), [])).toContain("No known stall in this boot.");
});

test("what made the figures is said where it is not volt's init alone", () => {
  const notes = (options: BootOptions) =>
    bootText(bootOf({ log: QUICK, ...options }), []).split("No known stall in this boot.\n")[1];
  expect(notes({})).toBe("");
  expect(notes({ logFrom: "console" })).toContain("the kernel's log came over its console while it booted");
  expect(notes({ endedAfter: 40 })).toBe(
    "\nThe guest did not end by itself: volt asked it to after 40 s (--seconds).\n",
  );
});

test("a gain is each part before and after", () => {
  const slow = bootOf({ log: QUICK });
  const text = gainText(slow, { ...slow, phases: new Map([...slow.phases, ["guest user space", 600]]) }, [
    "i8042 probe",
  ]);
  expect(text).toStartWith("Booted again, with these mended: i8042 probe. Before and after, ms\n");
  expect(text).toContain("   1100.0 ->     600.0  from the process's start to the guest's user space");
});
