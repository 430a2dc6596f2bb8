/** The kernel's command line. */
import type { VmConfig } from "../config/schema.ts";
import { ROOT_DEVICE, rootDisk } from "../config/user-land.ts";
import type { VirtioWindow } from "./layout.ts";

/**
 * What volt's guests boot with. Each word saves a stall or names what this machine is; docs/kernels.md has what each is
 * worth.
 */
const DEFAULT = [
  // Nothing of the kernel's on the console but a panic: each byte is two exits, and stdout is the command's.
  "quiet",
  "loglevel=1",
  // Reset by the keyboard controller, at once after a panic.
  "reboot=k",
  "panic=-1",
  // There is no PCI bus to scan, and no mouse, second port or keyboard light to wait for.
  "pci=off",
  "i8042.noaux",
  "i8042.nomux",
  "i8042.dumbkbd",
  // No device here needs bounce buffers.
  "swiotlb=noforce",
] as const;

const CONSOLES = {
  serial: ["console=ttyS0", "8250.nr_uarts=1"],
  virtio: ["console=hvc0", "8250.nr_uarts=0"],
  none: ["8250.nr_uarts=0"],
} as const;

/**
 * A panic before the virtio console's driver is there (a module, in a distribution's kernel) comes by the serial port; the
 * kernel leaves that as soon as it has hvc0. It prints from the moment it reads this word: after those that make it quiet.
 */
const EARLY_CONSOLE = "earlycon=uart8250,io,0x3f8";

const NO_ACPI = "acpi=off";
/**
 * Words that switch the I/O APIC off. With hardware-reduced ACPI the guest then has no interrupt controller left; without
 * ACPI it has the PICs.
 */
const WITHOUT_IO_APIC = ["nosmp", "noapic", "maxcpus=0"];

/**
 * The whole command line, `append` last so that it wins.
 * @param virtio the devices' windows: a guest without ACPI learns of them here, and only such a one, since Linux would
 *   make each device twice. They and the root disk come first, because what a user writes may hold a ` -- `, after which
 *   all is for init.
 */
export function commandLine(config: VmConfig, virtio: readonly VirtioWindow[] = []): string {
  const { boot_args } = config["boot-source"];
  const { console } = config.volt;
  const early = console === "virtio" ? [EARLY_CONSOLE] : [];
  const own = boot_args ?? [...CONSOLES[console], ...DEFAULT, ...early].join(" ");
  const text = [own, config.volt.append ?? ""].filter((part) => part !== "").join(" ");
  const first = [...(hasAcpi(text) ? [] : withoutAcpi(text, virtio)), ...rootParameters(config, text)];
  return [...first, text].filter((part) => part !== "").join(" ");
}

/** Whether the guest uses ACPI: without it, by its own wish or for want of an I/O APIC, it has no power button. */
export function hasAcpi(commandLine: string): boolean {
  return !commandLine.split(/\s+/).some((word) => word === NO_ACPI || WITHOUT_IO_APIC.includes(word));
}

function withoutAcpi(text: string, virtio: readonly VirtioWindow[]): string[] {
  return [...virtio.map(virtioParameter), ...(text.split(/\s+/).includes(NO_ACPI) ? [] : [NO_ACPI])];
}

/** Where the root filesystem is, unless the user said it: the root disk is always the first. */
function rootParameters(config: VmConfig, text: string): string[] {
  const root = rootDisk(config);
  if (!root || /(^|\s)root=/.test(text)) return [];
  const device = root.partuuid === undefined ? ROOT_DEVICE : `PARTUUID=${root.partuuid}`;
  return [`root=${device}`, root.is_read_only ? "ro" : "rw"];
}

/** Documentation/admin-guide/kernel-parameters.txt: virtio_mmio.device=<size>@<baseaddr>:<irq>. */
function virtioParameter({ address, size, gsi }: VirtioWindow): string {
  return `virtio_mmio.device=${size / 1024}K@0x${address.toString(16)}:${gsi}`;
}
