/**
 * Every address, port and interrupt line of the machine, in one place. The ACPI tables, the MP table, the command line,
 * the buses and the event descriptors all derive from it.
 */
import { PowerRegister } from "../devices/power/power.ts";
import { GIB, type Range } from "../memory/regions.ts";

/** Guest-physical addresses below 1 MiB that volt fills before the guest starts; the guest may reuse most once it runs. */
export const LOW_MEMORY = {
  gdt: 0x500,
  pvhStartInfo: 0x6000,
  zeroPage: 0x7000,
  pageTables: 0x9000,
  setupData: 0x1f000,
  commandLine: 0x20000,
  /** Room for the command line, its NUL included. Linux x86 takes 2048 itself. */
  commandLineSize: 0x10000,
  /** The last KiB of conventional memory, where Linux looks for the MP table without ACPI. */
  mpTable: 0x9fc00,
  /** The BIOS area that is searched for the RSDP. */
  acpi: 0xe0000,
  /** Where RAM above the BIOS area starts, and the lowest place for a kernel. */
  highMemory: 0x100000,
} as const;

/** Guest-physical addresses in the MMIO hole. */
export const MMIO = {
  /** Firecracker's boot timer: a guest writes the byte 123 here when its user space starts. */
  bootTimer: 3 * GIB,
  /** 4 KiB a virtio device from here. */
  virtio: 3 * GIB + 0x1000,
  windowSize: 0x1000,
  ioApic: 0xfec0_0000,
  localApic: 0xfee0_0000,
  /** One page and three pages that Intel hosts without unrestricted guests need. */
  identityMap: 0xfffb_c000,
  tss: 0xfffb_d000,
} as const;

/** I/O ports: the first of each device, and how many. */
export const PORTS = {
  keyboardData: { first: 0x60, count: 1 },
  keyboardCommand: { first: 0x64, count: 1 },
  rtc: { first: 0x70, count: 2 },
  systemControl: { first: 0x92, count: 1 },
  serial: { first: 0x3f8, count: 8 },
  exitStatus: { first: 0x501, count: 1 },
  bootTimer: { first: 0x502, count: 1 },
  pvpanic: { first: 0x505, count: 1 },
  power: { first: 0x600, count: 4 },
} as const;

/** Registers inside the `power` ports. */
export const POWER = {
  sleepControl: PORTS.power.first + PowerRegister.SLEEP_CONTROL,
  sleepStatus: PORTS.power.first + PowerRegister.SLEEP_STATUS,
  reset: PORTS.power.first + PowerRegister.RESET,
} as const;

/** Where a virtio device is: its window, in bytes, and its interrupt line. */
export interface VirtioWindow extends Range {
  readonly gsi: number;
}

/** The windows of the first `count` virtio devices, in their order. There are as many as there are interrupt lines. */
export function virtioWindows(count: number): VirtioWindow[] {
  return GSI.virtio.slice(0, count).map((gsi, slot) => {
    return { address: MMIO.virtio + slot * MMIO.windowSize, size: MMIO.windowSize, gsi };
  });
}

/** Global system interrupts; the first 16 are the ISA lines of the same number. */
export const GSI = {
  keyboard: 1,
  serial: 4,
  /** The Generic Event Device: the power button. */
  events: 9,
  /** What virtio devices get, in their order. */
  virtio: [5, 6, 7, 10, 11, 12, 16, 17, 18, 19, 20, 21, 22, 23],
} as const;
