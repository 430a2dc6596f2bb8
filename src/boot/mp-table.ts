import { ascii, checksum, concat, u8, u16, u32 } from "./pack.ts";

/** What the table describes. Addresses are guest-physical. */
export interface MpPlatform {
  /**
   * Where the result will lie, a multiple of 16. Linux looks for it in the first KiB of memory, in the last KiB below
   * 640 KiB, and from 0xf0000 to 0xfffff.
   */
  readonly address: number;
  /** One per CPU, the boot CPU first; each below 255, the I/O APIC's own not among them. */
  readonly apicIds: readonly number[];
  /** CPUID leaf 1 EAX and EDX. */
  readonly cpuSignature: number;
  readonly cpuFeatures: number;
  readonly localApicAddress: number;
  readonly ioApic: { readonly id: number; readonly address: number; readonly pins: number };
}

const SPECIFICATION_1_4 = 4;
const FLOATING_POINTER_SIZE = 16;
const HEADER_SIZE = 44;
const CHECKSUM_OFFSET = { floatingPointer: 10, table: 7 } as const;

const ENTRY = { PROCESSOR: 0, BUS: 1, IO_APIC: 2, IO_INTERRUPT: 3, LOCAL_INTERRUPT: 4 } as const;
const CPU_ENABLED = 1;
const CPU_BOOTPROCESSOR = 2;
const IO_APIC_ENABLED = 1;
/** The versions that KVM's emulated APICs report. */
const LOCAL_APIC_VERSION = 0x14;
const IO_APIC_VERSION = 0x11;
const INTERRUPT = { INT: 0, NMI: 1, EXTINT: 3 } as const;
/** Table 4-10: what the bus says, or edge-triggered and active high. */
const FLAGS_OF_BUS = 0;
const FLAGS_EDGE_HIGH = 0x5;
const ISA_BUS = 0;
const ALL_LOCAL_APICS = 0xff;

/**
 * The Intel MultiProcessor Specification 1.4's description of the machine, for guests that run without ACPI: the
 * floating pointer structure, and right behind it the configuration table.
 *
 * Every I/O APIC pin is an ISA interrupt of the same number. That is how KVM wires its I/O APIC (its PIT is on pin 0,
 * not on pin 2 as on a PC), and it gives virtio-mmio devices above 15 a line although there is no PCI bus.
 */
export function mpTable(platform: MpPlatform): Uint8Array {
  return concat(floatingPointer(platform.address + FLOATING_POINTER_SIZE), configurationTable(platform));
}

/** Section 4.1. */
function floatingPointer(tableAddress: number): Uint8Array {
  const paragraphs = FLOATING_POINTER_SIZE / 16;
  return withChecksum(
    concat(
      ascii("_MP_"),
      u32(tableAddress),
      u8(paragraphs, SPECIFICATION_1_4, 0),
      u8(0, 0, 0, 0, 0), // no default configuration, no IMCR
    ),
    CHECKSUM_OFFSET.floatingPointer,
  );
}

/** Section 4.2. */
function configurationTable(platform: MpPlatform): Uint8Array {
  const entries = [
    ...platform.apicIds.map((id, cpu) => processor(platform, id, cpu)),
    concat(u8(ENTRY.BUS, ISA_BUS), ascii("ISA", 6)),
    concat(u8(ENTRY.IO_APIC, platform.ioApic.id, IO_APIC_VERSION, IO_APIC_ENABLED), u32(platform.ioApic.address)),
    ...Array.from({ length: platform.ioApic.pins }, (_, pin) => ioInterrupt(platform.ioApic.id, pin)),
    // KVM delivers its PIC to the boot CPU's LINT0; a host-raised NMI goes to LINT1 of each.
    localInterrupt(INTERRUPT.EXTINT, platform.apicIds[0] ?? 0, 0),
    localInterrupt(INTERRUPT.NMI, ALL_LOCAL_APICS, 1),
  ];
  const body = concat(...entries);
  const header = concat(
    ascii("PCMP"),
    u16(HEADER_SIZE + body.length),
    u8(SPECIFICATION_1_4, 0),
    ascii("VOLT", 8),
    ascii("MICROVM", 12),
    u32(0), // no OEM table
    u16(0),
    u16(entries.length),
    u32(platform.localApicAddress),
    u32(0), // no extended table
  );
  return withChecksum(concat(header, body), CHECKSUM_OFFSET.table);
}

/** Section 4.3.1. */
function processor({ cpuSignature, cpuFeatures }: MpPlatform, apicId: number, cpu: number): Uint8Array {
  const flags = CPU_ENABLED | (cpu === 0 ? CPU_BOOTPROCESSOR : 0);
  return concat(
    u8(ENTRY.PROCESSOR, apicId, LOCAL_APIC_VERSION, flags),
    u32(cpuSignature),
    u32(cpuFeatures),
    u32(0),
    u32(0),
  );
}

/** Section 4.3.4. */
function ioInterrupt(ioApicId: number, pin: number): Uint8Array {
  return concat(u8(ENTRY.IO_INTERRUPT, INTERRUPT.INT), u16(FLAGS_EDGE_HIGH), u8(ISA_BUS, pin, ioApicId, pin));
}

/** Section 4.3.5. */
function localInterrupt(type: number, apicId: number, lint: number): Uint8Array {
  return concat(u8(ENTRY.LOCAL_INTERRUPT, type), u16(FLAGS_OF_BUS), u8(ISA_BUS, 0, apicId, lint));
}

function withChecksum(bytes: Uint8Array, offset: number): Uint8Array {
  bytes[offset] = checksum(bytes);
  return bytes;
}
