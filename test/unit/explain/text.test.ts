import { expect, test } from "bun:test";
import { STALLS } from "../../../src/explain/stalls/registry.ts";
import { bootText, gainText, partsOf } from "../../../src/explain/text.ts";
import { bootOf, portRun, QUICK } from "./boots.ts";

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
  const boot = bootOf({ log, ports, runs: [portRun(0x60, 500, 500), portRun(0x3f8, 3, 1)] });
  const text = bootText(boot, explained(boot));
  const squeezed = text.replaceAll(/ +/g, " ");
  expect(squeezed).toContain(" 505.0 i8042_init\n 4.0 acpi_init");
  expect(squeezed).toContain(
    " 500 in 500.0 ms ports 0x60 to 0x67: keyboard controller\n 3 in 1.0 ms ports 0x3f8 to 0x3ff: serial port\n",
  );
  expect(squeezed).toContain(" ports, reads/writes: 0x60 400/100, 0x3f8 0/3\n");
  expect(squeezed).toContain(" 505.9 i8042 probe: the keyboard controller's driver looked");
  expect(squeezed).toContain("(command line: add i8042.noaux i8042.nomux i8042.dumbkbd)");
});

test("a boot with nothing to mend says so", () => {
  expect(bootText(bootOf({ log: QUICK }), [])).toContain("No known stall in this boot.");
});

test("a gain is each part before and after", () => {
  const slow = bootOf({ log: QUICK });
  const text = gainText(slow, { ...slow, phases: new Map([...slow.phases, ["guest user space", 600]]) }, [
    "i8042 probe",
  ]);
  expect(text).toStartWith("With i8042 probe, ms\n");
  expect(text).toContain("   1100.0 ->     600.0  from the process's start to the guest's user space");
});
