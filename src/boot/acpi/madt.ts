import { concat, u8, u16, u32 } from "../pack.ts";
import type { AcpiPlatform } from "./platform.ts";
import { table } from "./table.ts";

/** Interrupt controller structures (ACPI 6.5, section 5.2.12): type, length. */
const LOCAL_APIC = [0, 8] as const;
const IO_APIC = [1, 12] as const;
const LOCAL_APIC_NMI = [4, 6] as const;
const LOCAL_X2APIC = [9, 16] as const;
const LOCAL_X2APIC_NMI = [10, 12] as const;

const REVISION = 6;
/** No PCAT_COMPAT: a machine of reduced hardware has no PIC the guest needs to know of. */
const FLAGS = 0;
const ENABLED = 1;
/** Ids from 255 on do not fit the 8-bit structure, where 255 means all. */
const XAPIC_ID_MAX = 254;
const ALL_PROCESSORS = 0xff;
const ALL_X2APIC_PROCESSORS = 0xffff_ffff;
const NMI_LINT = 1;

/**
 * Multiple APIC Description Table: the CPUs, the I/O APIC from GSI 0 on, NMI on LINT1. There are no interrupt source
 * overrides: KVM wires its I/O APIC pins to the GSIs of the same number, timer included.
 */
export function madt(platform: AcpiPlatform): Uint8Array {
  const { apicIds, ioApic } = platform;
  const gsiBase = 0;
  return table(
    "APIC",
    REVISION,
    concat(
      u32(platform.localApicAddress),
      u32(FLAGS),
      ...apicIds.map(processor),
      concat(u8(...IO_APIC, ioApic.id, 0), u32(ioApic.address), u32(gsiBase)),
      concat(u8(...LOCAL_APIC_NMI, ALL_PROCESSORS), u16(0), u8(NMI_LINT)),
      ...(apicIds.some(needsX2Apic)
        ? [concat(u8(...LOCAL_X2APIC_NMI), u16(0), u32(ALL_X2APIC_PROCESSORS), u8(NMI_LINT, 0, 0, 0))]
        : []),
    ),
  );
}

function processor(apicId: number, uid: number): Uint8Array {
  return needsX2Apic(apicId)
    ? concat(u8(...LOCAL_X2APIC), u16(0), u32(apicId), u32(ENABLED), u32(uid))
    : concat(u8(...LOCAL_APIC, uid, apicId), u32(ENABLED));
}

function needsX2Apic(apicId: number): boolean {
  return apicId > XAPIC_ID_MAX;
}
