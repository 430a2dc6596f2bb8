import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../../src/config/parse.ts";
import type { VmConfigInput } from "../../../src/config/schema.ts";
import { commandLine, hasAcpi } from "../../../src/machine/command-line.ts";
import { virtioWindows } from "../../../src/machine/layout.ts";

const of = (input: VmConfigInput) => commandLine(parseConfig(input, ""));

describe("the command line", () => {
  test("by default has the console, and what makes a boot fast", () => {
    const words = of({}).split(" ");
    expect(words).toEqual(expect.arrayContaining(["console=ttyS0", "quiet", "reboot=k", "panic=-1"]));
    expect(new Set(words).size).toBe(words.length);
    expect(of({})).not.toMatch(/^ | {2}| $/);
  });

  test("without a console has no serial port to wait for", () => {
    expect(of({ volt: { console: "none" } })).not.toContain("ttyS0");
    expect(of({ volt: { console: "none" } })).toContain("8250.nr_uarts=0");
  });

  test("ends with what is appended, so that it wins", () => {
    expect(of({ volt: { append: "loglevel=7 x" } })).toBe(`${of({})} loglevel=7 x`);
  });

  test("names the virtio devices to a guest without ACPI, before anything that may end with --, and to no other", () => {
    const config = parseConfig({ "boot-source": { boot_args: "acpi=off -- init" } }, "");
    const devices = "virtio_mmio.device=4K@0xc0001000:5 virtio_mmio.device=4K@0xc0002000:6";
    expect(commandLine(config, virtioWindows(2))).toBe(`${devices} acpi=off -- init`);
    expect(commandLine(config, [])).toBe("acpi=off -- init");
    expect(commandLine(parseConfig({}, ""), virtioWindows(2))).toBe(of({}));
  });

  test("names the root disk, which is always the first, unless the user names another root", () => {
    const drives = [
      { drive_id: "a", path_on_host: "/a" },
      { drive_id: "b", path_on_host: "/b", is_root_device: true },
    ];
    const boot_args = "x";
    expect(of({ drives, "boot-source": { boot_args } })).toBe("root=/dev/vda rw x");
    const readOnly = drives.map((drive) => ({ ...drive, is_read_only: true, partuuid: "ab-1" }));
    expect(of({ drives: readOnly, "boot-source": { boot_args } })).toBe("root=PARTUUID=ab-1 ro x");
    expect(of({ drives, "boot-source": { boot_args: "root=/dev/vdb" } })).toBe("root=/dev/vdb");
    expect(of({ drives, "boot-source": { boot_args }, volt: { append: "root=LABEL=b" } })).toBe("x root=LABEL=b");
    expect(of({ drives: drives.slice(0, 1), "boot-source": { boot_args } })).toBe("x");
  });

  test("is only what --cmdline says, and what is appended to that", () => {
    expect(of({ "boot-source": { boot_args: "a b" } })).toBe("a b");
    expect(of({ "boot-source": { boot_args: "a b" }, volt: { append: "c" } })).toBe("a b c");
    expect(of({ "boot-source": { boot_args: "" }, volt: { append: "c" } })).toBe("c");
    expect(of({ "boot-source": { boot_args: "" } })).toBe("");
  });

  test("takes ACPI from a guest without an I/O APIC: with ACPI it would have no interrupt controller left", () => {
    expect(of({ "boot-source": { boot_args: "nosmp -- init" } })).toEndWith("acpi=off nosmp -- init");
    expect(of({ "boot-source": { boot_args: "nosmp acpi=off" } })).toEndWith("nosmp acpi=off");
  });

  test("leaves room for the user in the 2047 bytes that Linux takes", () => {
    expect(of({}).length).toBeLessThan(300);
  });
});

test.each([
  ["", true],
  ["acpi=off", false],
  ["quiet acpi=off panic=1", false],
  ["a\tacpi=off", false],
  ["nosmp", false],
  ["quiet noapic", false],
  ["maxcpus=0", false],
  ["maxcpus=1", true],
  ["acpi=force", true],
  ["noacpi=off", true],
  ["acpi=offline", true],
])("a guest with %j has ACPI: %p", (text, expected) => {
  expect(hasAcpi(text)).toBe(expected);
});
