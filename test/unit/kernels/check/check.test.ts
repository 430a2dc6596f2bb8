import { describe, expect, test } from "bun:test";
import { DEBIAN_MODULES } from "../../../../guest/modules.ts";
import { cpio } from "../../../../src/boot/cpio.ts";
import { parseConfig } from "../../../../src/config/parse.ts";
import type { VmConfigInput } from "../../../../src/config/schema.ts";
import { collectWishes } from "../../../../src/kernels/build/fragments.ts";
import { checkKernel, modulesIn } from "../../../../src/kernels/check/check.ts";
import { REQUIREMENTS } from "../../../../src/kernels/check/requirements.ts";
import type { KernelConfig } from "../../../../src/kernels/config-file.ts";

const vm = (input: VmConfigInput = {}) => parseConfig(input, "");
const wishes = collectWishes([], [], () => "");
/** What volt builds has all that it asks for. */
const built: KernelConfig = new Map(wishes.map(({ option, value }) => [option, value] as const));
const without = (...options: string[]) => new Map([...built].filter(([option]) => !options.includes(option)));
const bad = (config: KernelConfig, input: VmConfigInput = {}, modules = new Set<string>(), acpi = true) =>
  checkKernel(config, modules, vm(input), acpi).filter(({ status }) => status !== "ok");

const EVERYTHING: VmConfigInput = {
  "machine-config": { vcpu_count: 4 },
  drives: [{ drive_id: "a", path_on_host: "/a", is_root_device: true }],
  "network-interfaces": [{ iface_id: "n", host_dev_name: "tap0" }],
  vsock: { guest_cid: 3, uds_path: "/v" },
  balloon: {},
  entropy: {},
  volt: { boot_protocol: "pvh" },
};

describe("a check", () => {
  test("finds nothing amiss with what volt builds, whatever the VM has", () => {
    expect(bad(built)).toEqual([]);
    expect(bad(built, EVERYTHING)).toEqual([]);
    expect(bad(built, EVERYTHING, new Set(), false)).toEqual([]);
  });

  test.each([
    ["VIRTIO_BLK", { drives: EVERYTHING.drives! }, "--disk"],
    ["VIRTIO_NET", { "network-interfaces": EVERYTHING["network-interfaces"]! }, "--net"],
    ["VIRTIO_VSOCKETS", { vsock: EVERYTHING.vsock! }, "--vsock"],
    ["VIRTIO_BALLOON", { balloon: {} }, "--balloon"],
    ["VIRTIO_CONSOLE", { volt: { console: "virtio" } }, "--console virtio"],
    ["SMP", { "machine-config": { vcpu_count: 2 } }, "--cpus"],
    ["SERIAL_8250_CONSOLE", {}, "--console serial"],
  ] as const)("names CONFIG_%s by what needs it, and only where that is there", (option, input, by) => {
    expect(bad(without(option), input as VmConfigInput)).toEqual([
      {
        option,
        by,
        status: "fail",
        found: expect.stringContaining("off: "),
        mend: `set CONFIG_${option}=y, or volt kernel build`,
      },
    ]);
    if (option !== "SERIAL_8250_CONSOLE") expect(bad(without(option))).toEqual([]);
  });

  test("takes a module for built in where volt's initramfs loads it, and not where nobody does", () => {
    const config = new Map([...built, ["VIRTIO_BLK", "m"]] as const);
    const drives = { drives: EVERYTHING.drives! };
    expect(bad(config, drives, new Set(["virtio_blk"]))).toEqual([]);
    expect(bad(config, drives)).toMatchObject([
      { option: "VIRTIO_BLK", status: "fail", mend: expect.stringContaining("volt kernel install") },
    ]);
    const own = { ...drives, "boot-source": { initrd_path: "/i" } };
    expect(bad(config, own)).toMatchObject([{ status: "warn", mend: "load virtio_blk in your --initrd" }]);
  });

  test("asks for the command line's devices only without ACPI", () => {
    const config = without("VIRTIO_MMIO_CMDLINE_DEVICES");
    expect(bad(config, { entropy: {} })).toEqual([]);
    expect(bad(config, { entropy: {} }, new Set(), false)).toMatchObject([
      { option: "VIRTIO_MMIO_CMDLINE_DEVICES", status: "fail" },
    ]);
  });

  test("knows that a kernel with ACPI and without PCI does not take its tables, and one without both is well", () => {
    expect(bad(without("PCI"))).toMatchObject([{ option: "PCI", by: "ACPI", status: "fail" }]);
    expect(bad(without("PCI"), {}, new Set(), false)).toEqual([]);
    expect(bad(without("PCI", "ACPI", "SERIAL_8250_PNP"))).toMatchObject([{ option: "ACPI", status: "warn" }]);
  });

  test("warns of what makes a boot slow", () => {
    expect(bad(new Map([...built, ["KASAN", "y"]] as const))).toMatchObject([{ option: "KASAN", status: "warn" }]);
  });

  test("says what a slow option costs where that was measured, and the word that mends it", () => {
    const tests = new Map([...built, ["CRYPTO_MANAGER", "y"]] as const);
    expect(bad(tests)).toMatchObject([
      {
        option: "CRYPTO_MANAGER",
        found: expect.stringMatching(/: \d+ of \d+ ms /),
        mend: "--append cryptomgr.notests",
      },
    ]);
    expect(bad(tests, { volt: { append: "cryptomgr.notests" } })).toEqual([]);
    expect(bad(new Map([...tests, ["CRYPTO_MANAGER_DISABLE_TESTS", "y"]] as const))).toEqual([]);
  });
});

test("every module that a requirement names is one that volt packs, or comes with one", () => {
  const packed = new Set(DEBIAN_MODULES.map((name) => name.replaceAll("-", "_")));
  const named = REQUIREMENTS.filter(({ feature }) => feature !== undefined).flatMap(({ module }) => module ?? []);
  const missing = named.map((name) => name.replaceAll("-", "_")).filter((name) => !packed.has(name));
  // It only tells, and has no device.
  expect(missing).toEqual(["vmgenid"]);
});

test("the modules of an archive are read by their names", () => {
  const data = new Uint8Array(4);
  const archive = cpio([
    { kind: "directory", path: "lib" },
    { kind: "directory", path: "lib/modules" },
    { kind: "directory", path: "lib/modules/6.1.0" },
    { kind: "file", path: "lib/modules/6.1.0/virtio-rng.ko", data },
    { kind: "file", path: "lib/modules/6.1.0/virtio_blk.ko.xz", data },
  ]);
  expect(modulesIn(archive)).toEqual(new Set(["virtio_rng", "virtio_blk"]));
});
