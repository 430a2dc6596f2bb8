import { describe, expect, test } from "bun:test";
import { acpiTables } from "../../../src/boot/acpi/tables.ts";
import { mpTable } from "../../../src/boot/mp-table.ts";
import { linuxEntry } from "../../../src/cpu/modes.ts";
import { RngDevice } from "../../../src/devices/virtio/rng/device.ts";
import { MachineBlock } from "../../../src/machine/block.ts";
import { GSI, LOW_MEMORY, MMIO, PORTS, POWER, virtioWindows } from "../../../src/machine/layout.ts";
import { acpiPlatform, mpPlatform } from "../../../src/machine/platform.ts";
import { MAX_VCPUS } from "../../../src/machine/state.ts";
import { describeVirtio } from "../../../src/machine/virtio/set-up.ts";
import { MMIO_HOLE_END, MMIO_HOLE_START } from "../../../src/memory/regions.ts";

interface Named {
  readonly name: string;
  readonly address: number;
  readonly size: number;
}

/** Each pair that shares a byte, by name. */
function overlaps(ranges: readonly Named[]): string[] {
  return ranges.flatMap((a, i) =>
    ranges
      .slice(i + 1)
      .filter((b) => a.address < b.address + b.size && b.address < a.address + a.size)
      .map((b) => `${a.name} and ${b.name}`),
  );
}

const FEATURES = { leaf: 1, subleaf: 0, indexed: false, eax: 0, ebx: 0, ecx: 0, edx: 0 };

/** All that volt writes below 1 MiB, as large as it gets. */
function lowMemory(): Named[] {
  const { tables } = linuxEntry(0x100_0000, LOW_MEMORY.zeroPage, LOW_MEMORY);
  const acpi = acpiTables(acpiPlatform(MAX_VCPUS, virtioWindows(GSI.virtio.length)));
  const mp = mpTable(mpPlatform(MAX_VCPUS, FEATURES));
  return [
    ...tables.map(({ address, bytes }, i) => ({ name: `entry table ${i}`, address, size: bytes.length })),
    { name: "PVH start info", address: LOW_MEMORY.pvhStartInfo, size: 0x1000 },
    { name: "zero page", address: LOW_MEMORY.zeroPage, size: 0x1000 },
    { name: "setup data", address: LOW_MEMORY.setupData, size: 48 },
    { name: "command line", address: LOW_MEMORY.commandLine, size: LOW_MEMORY.commandLineSize },
    { name: "MP table", address: LOW_MEMORY.mpTable, size: mp.length },
    ...acpi.areas.map(({ address, bytes }, i) => ({ name: `ACPI ${i}`, address, size: bytes.length })),
  ];
}

describe("below 1 MiB", () => {
  test("nothing lies on anything else, with the most vCPUs there are", () => {
    expect(overlaps(lowMemory())).toEqual([]);
  });

  test("everything lies above the real-mode interrupt table and below the lowest kernel", () => {
    for (const { name, address, size } of lowMemory()) {
      expect([name, address >= 0x500, address + size <= LOW_MEMORY.highMemory]).toEqual([name, true, true]);
    }
  });

  test("the MP table is in the last KiB of conventional memory and ends there", () => {
    const conventional = 640 * 1024;
    expect(conventional - LOW_MEMORY.mpTable).toBe(1024);
    expect(mpTable(mpPlatform(MAX_VCPUS, FEATURES)).length).toBeLessThanOrEqual(1024);
  });

  test("the RSDP is where Linux looks for it: on 16 bytes between 0xe0000 and 1 MiB", () => {
    const { rsdpAddress } = acpiTables(acpiPlatform(1));
    expect([rsdpAddress % 16, rsdpAddress >= 0xe0000, rsdpAddress < 0x10_0000]).toEqual([0, true, true]);
  });
});

describe("ports", () => {
  const ranges = Object.entries(PORTS).map(([name, { first, count }]) => ({ name, address: first, size: count }));

  test("are claimed once each", () => {
    expect(overlaps(ranges)).toEqual([]);
  });

  test("leave to KVM what its own chips decode: PICs, PIT, speaker, ELCR", () => {
    const chips: Named[] = [
      [0x20, 2],
      [0x40, 4],
      [0x61, 1],
      [0xa0, 2],
      [0x4d0, 2],
    ].map(([address, size]) => ({ name: `port 0x${address!.toString(16)}`, address: address!, size: size! }));
    expect(overlaps([...ranges, ...chips])).toEqual([]);
  });

  test("that the contract fixes are where it says", () => {
    const { exitStatus, pvpanic, serial, keyboardCommand } = PORTS;
    expect([exitStatus, pvpanic]).toEqual([
      { first: 0x501, count: 1 },
      { first: 0x505, count: 1 },
    ]);
    expect([serial.first, keyboardCommand.first]).toEqual([0x3f8, 0x64]);
  });

  test("of the power registers lie inside their device", () => {
    for (const port of Object.values(POWER)) {
      expect(port >= PORTS.power.first && port < PORTS.power.first + PORTS.power.count).toBe(true);
    }
    expect(new Set(Object.values(POWER)).size).toBe(Object.keys(POWER).length);
  });
});

describe("memory-mapped devices", () => {
  const ranges: Named[] = [
    { name: "boot timer", address: MMIO.bootTimer, size: MMIO.windowSize },
    { name: "virtio", address: MMIO.virtio, size: MMIO.windowSize * GSI.virtio.length },
    { name: "I/O APIC", address: MMIO.ioApic, size: 0x1000 },
    { name: "local APIC", address: MMIO.localApic, size: 0x1000 },
    { name: "identity map", address: MMIO.identityMap, size: 0x1000 },
    { name: "TSS", address: MMIO.tss, size: 0x3000 },
  ];

  test("do not overlap", () => {
    expect(overlaps(ranges)).toEqual([]);
  });

  test("lie in the hole, where no RAM is, on pages of their own", () => {
    for (const { name, address, size } of ranges) {
      const inside = address >= MMIO_HOLE_START && address + size <= MMIO_HOLE_END && address % 0x1000 === 0;
      expect([name, inside]).toEqual([name, true]);
    }
  });

  test("start with the boot timer where Firecracker's is", () => {
    expect(MMIO.bootTimer).toBe(0xc000_0000);
    expect(MMIO.virtio).toBe(0xc000_1000);
  });
});

describe("virtio devices", () => {
  test("have a window and a line each, the first ones first", () => {
    expect(virtioWindows(2)).toEqual([
      { address: 0xc000_1000, size: 4096, gsi: 5 },
      { address: 0xc000_2000, size: 4096, gsi: 6 },
    ]);
    expect(virtioWindows(0)).toEqual([]);
  });

  test("are as many as there are lines for: a plan with one more is none of stage one's", () => {
    const block = MachineBlock.create();
    const devices = (count: number) => Array.from({ length: count }, () => new RngDevice());
    describeVirtio(devices(GSI.virtio.length), block);
    expect(() => describeVirtio(devices(GSI.virtio.length + 1), block)).toThrow(
      "the plan has 15 virtio devices, and 14 interrupt lines",
    );
  });
});

test("interrupt lines are one each, on the I/O APIC's 24 pins, and not the PIT's, the cascade's or the ACPI timer's", () => {
  const lines = [GSI.keyboard, GSI.serial, GSI.events, ...GSI.virtio];
  expect(new Set(lines).size).toBe(lines.length);
  for (const line of lines) {
    expect(line).toBeWithin(1, 24);
    expect([0, 2]).not.toContain(line);
  }
});
