import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AcpiPlatform } from "../../../../src/boot/acpi/platform.ts";
import { acpiTables } from "../../../../src/boot/acpi/tables.ts";
import { viewOf } from "../../../../src/boot/pack.ts";

const platform: AcpiPlatform = {
  area: { address: 0xe0000, size: 0x10000 },
  apicIds: [0, 1, 2],
  localApicAddress: 0xfee00000,
  ioApic: { id: 4, address: 0xfec00000 },
  sleep: { controlPort: 0x600, statusPort: 0x601, s5Type: 5 },
  reset: { port: 0x64, value: 0xfe },
  serial: { port: 0x3f8, gsi: 4 },
  keyboard: { dataPort: 0x60, commandPort: 0x64, gsi: 1 },
  rtc: { port: 0x70 },
  powerButtonGsi: 9,
  pvpanicPort: 0x505,
  virtio: [
    { address: 0xc0001000, size: 0x1000, gsi: 5 },
    { address: 0xc0002000, size: 0x1000, gsi: 23 },
  ],
};

const sum = (bytes: Uint8Array) => bytes.reduce((total, byte) => (total + byte) & 0xff, 0);
const signature = (bytes: Uint8Array) => new TextDecoder().decode(bytes.subarray(0, 4));

/** Tables by signature, found as an operating system finds them: RSDP, XSDT, FADT, DSDT. */
function walk(p: AcpiPlatform): Map<string, Uint8Array> {
  const { rsdpAddress, areas } = acpiTables(p);
  const at = (address: number | bigint) => {
    const found = areas.find((area) => area.address === Number(address))?.bytes;
    expect(found).toBeDefined();
    return found as Uint8Array;
  };
  const rsdp = at(rsdpAddress);
  const xsdt = at(viewOf(rsdp).getBigUint64(24, true));
  const tables = [rsdp, xsdt];
  for (let entry = 36; entry < xsdt.length; entry += 8) {
    tables.push(at(viewOf(xsdt).getBigUint64(entry, true)));
  }
  const fadt = tables.find((bytes) => signature(bytes) === "FACP") as Uint8Array;
  expect(viewOf(fadt).getUint32(40, true)).toBe(Number(viewOf(fadt).getBigUint64(140, true)));
  tables.push(at(viewOf(fadt).getBigUint64(140, true)));
  return new Map(tables.map((bytes) => [signature(bytes), bytes]));
}

describe("the ACPI tables", () => {
  test("are all found from the RSDP, with right lengths and checksums", () => {
    const tables = walk(platform);
    expect([...tables.keys()]).toEqual(["RSD ", "XSDT", "FACP", "APIC", "DSDT"]);
    for (const [name, bytes] of tables) {
      expect(sum(bytes)).toBe(0);
      expect(viewOf(bytes).getUint32(name === "RSD " ? 20 : 4, true)).toBe(bytes.length);
    }
    expect(sum((tables.get("RSD ") as Uint8Array).subarray(0, 20))).toBe(0);
  });

  test("lie in their area, aligned, without overlaps", () => {
    const { areas } = acpiTables(platform);
    let end = platform.area.address;
    for (const { address, bytes } of areas) {
      expect(address).toBeGreaterThanOrEqual(end);
      expect(address % 16).toBe(0);
      end = address + bytes.length;
    }
    expect(end).toBeLessThanOrEqual(platform.area.address + platform.area.size);
  });

  test("take an area that is just large enough, and refuse one a byte smaller", () => {
    const { areas } = acpiTables(platform);
    const last = areas.at(-1) as (typeof areas)[number];
    const size = last.address + last.bytes.length - platform.area.address;
    expect(acpiTables({ ...platform, area: { address: 0xe0000, size } }).areas).toHaveLength(5);
    expect(() => acpiTables({ ...platform, area: { address: 0xe0000, size: size - 1 } })).toThrow(
      `the ACPI tables need ${size} bytes, their area has ${size - 1}`,
    );
  });
});

/** Intel's compiler, of Debian's package acpica-tools, is the judge of what the bytes mean. */
describe("to iasl", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "volt-acpi-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function iasl(...args: string[]): string {
    const { exitCode, stdout, stderr } = Bun.spawnSync(["iasl", ...args], { cwd: folder, timeout: 60_000 });
    const output = `${stdout}${stderr}`;
    expect(exitCode).toBe(0);
    return output;
  }

  /** The table's source, its white space and comments reduced to single blanks. */
  function disassembled(p: AcpiPlatform, name: string): string {
    writeFileSync(join(folder, `${name}.dat`), walk(p).get(name) as Uint8Array);
    expect(iasl("-d", `${name}.dat`)).not.toMatch(/warning|error|invalid|incorrect/i);
    const source = readFileSync(join(folder, `${name}.dsl`), "utf8");
    return source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, " ").replace(/\s+/g, " ");
  }

  test("the DSDT is whole and compiles again without a remark", () => {
    const dsdt = disassembled(platform, "DSDT");
    expect(iasl("DSDT.dsl")).toContain("0 Errors, 0 Warnings, 0 Remarks");
    expect(dsdt).toContain("Name (\\_S5, Package (0x04) { 0x05, Zero, Zero, Zero })");
    expect(dsdt).toContain('Device (C002) { Name (_HID, "ACPI0007" ) Name (_UID, 0x02) }');
  });

  test("32 CPUs and 32 virtio devices are a whole DSDT too", () => {
    const virtio = Array.from({ length: 32 }, (_, i) => ({ address: 0xc0001000 + i * 4096, size: 4096, gsi: 5 + i }));
    const dsdt = disassembled({ ...platform, apicIds: virtio.map((_, i) => i), virtio }, "DSDT");
    expect(iasl("DSDT.dsl")).toContain("0 Errors, 0 Warnings, 0 Remarks");
    expect(dsdt.match(/"LNRO0005"/g)).toHaveLength(32);
    expect(dsdt).toContain("Device (V01F)");
  });

  test.each([
    ["serial port", 'EisaId ("PNP0501")', ["0x03F8, 0x03F8, 0x01, 0x08", "0x00000004,"]],
    ["keyboard", 'EisaId ("PNP0303")', ["0x0060, 0x0060, 0x01, 0x01", "0x0064, 0x0064, 0x01, 0x01", "0x00000001,"]],
    ["clock", 'EisaId ("PNP0B00")', ["0x0070, 0x0070, 0x01, 0x02"]],
    ["panic device", '"QEMU0001"', ["0x0505, 0x0505, 0x01, 0x01"]],
    ["first virtio device", "Device (V000)", ["ReadWrite, 0xC0001000, 0x00001000", "0x00000005,"]],
    ["last virtio device", "Device (V001)", ["ReadWrite, 0xC0002000, 0x00001000", "0x00000017,"]],
  ])("the %s has its resources", (_, id, resources) => {
    const dsdt = disassembled(platform, "DSDT");
    const body = dsdt.slice(dsdt.indexOf(id)).split(" Device (")[0] as string;
    for (const resource of resources) {
      expect(body).toContain(resource);
    }
  });

  test("every interrupt is edge-triggered, active high and exclusive", () => {
    const interrupts = disassembled(platform, "DSDT").match(/Interrupt \([^)]*\)/g) ?? [];
    expect(interrupts).toHaveLength(5);
    expect(new Set(interrupts)).toEqual(new Set(["Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive, ,, )"]));
  });

  test("the event device tells the power button of its interrupt", () => {
    const dsdt = disassembled(platform, "DSDT");
    expect(dsdt).toContain('Device (PWRB) { Name (_HID, EisaId ("PNP0C0C") ) }');
    expect(dsdt).toContain("Method (_EVT, 1, Serialized) { If ((Arg0 == 0x09)) { Notify (\\_SB.PWRB, 0x80) } }");
  });

  test("the FADT is of reduced hardware, with sleep, reset and the legacy devices", () => {
    const fadt = disassembled(platform, "FACP");
    for (const line of [
      "Revision : 06",
      "FADT Minor Revision : 05",
      "Hardware Reduced (V5) : 1",
      "Reset Register Supported (V2) : 1",
      "Control Method Power Button (V1) : 1",
      "Legacy Devices Supported (V2) : 1",
      "8042 Present on ports 60/64 (V2) : 1",
      "VGA Not Present (V4) : 1",
      "CMOS RTC Not Present (V5) : 0",
      "Value to cause reset : FE",
      "SCI Interrupt : 0000",
      "PM Timer Block Address : 00000000",
    ]) {
      expect(fadt).toContain(line);
    }
    const port = (n: string) => new RegExp(`Space ID : 01 \\[SystemIO\\].{0,200}?Address : 0{12}${n}`);
    for (const [register, n] of [
      ["Reset Register :", "0064"],
      ["Sleep Control Register :", "0600"],
      ["Sleep Status Register :", "0601"],
    ] as const) {
      expect(fadt.slice(fadt.indexOf(register))).toMatch(port(n));
    }
  });

  test("the MADT has the CPUs enabled, the I/O APIC, NMI on LINT1, and no override", () => {
    const madt = disassembled(platform, "APIC");
    expect(madt.match(/\[Processor Local APIC\]/g)).toHaveLength(3);
    expect(madt.match(/Processor Enabled : 1/g)).toHaveLength(3);
    expect(madt).toMatch(/I\/O Apic ID : 04 .*Address : FEC00000 .*Interrupt : 00000000/);
    expect(madt).toMatch(/\[Local APIC NMI\] .*Processor ID : FF .*Interrupt Input LINT : 01/);
    expect(madt).not.toContain("Override");
  });

  test("APIC ids from 255 on are x2APIC's", () => {
    const madt = disassembled({ ...platform, apicIds: [0, 254, 255] }, "APIC");
    expect(madt.match(/\[Processor Local APIC\]/g)).toHaveLength(2);
    expect(madt).toMatch(/Processor x2Apic ID : 000000FF .*Processor UID : 00000002/);
    expect(madt).toContain("[Local x2APIC NMI]");
  });
});
