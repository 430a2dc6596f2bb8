import { ascii, checksum, concat, u8, u32, u64 } from "../pack.ts";
import { dsdt } from "./dsdt.ts";
import { fadt } from "./fadt.ts";
import { madt } from "./madt.ts";
import type { AcpiPlatform } from "./platform.ts";
import { OEM_ID, table } from "./table.ts";

/** Bytes to write at a guest-physical address. */
export interface AcpiArea {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface AcpiTables {
  /** For the zero page or the PVH start info. */
  readonly rsdpAddress: number;
  readonly areas: readonly AcpiArea[];
}

const RSDP_SIZE = 36;
const ALIGNMENT = 16;

/**
 * RSDP, DSDT, FADT, MADT and XSDT for a machine of hardware-reduced ACPI, one behind the other in the platform's area.
 * @throws RangeError when they do not fit there.
 */
export function acpiTables(platform: AcpiPlatform): AcpiTables {
  const areas: AcpiArea[] = [];
  let next = platform.area.address + RSDP_SIZE;
  const place = (bytes: Uint8Array): number => {
    const address = Math.ceil(next / ALIGNMENT) * ALIGNMENT;
    areas.push({ address, bytes });
    next = address + bytes.length;
    return address;
  };

  const dsdtAddress = place(dsdt(platform));
  const fadtAddress = place(fadt(platform, dsdtAddress));
  const madtAddress = place(madt(platform));
  const xsdtAddress = place(table("XSDT", 1, concat(u64(fadtAddress), u64(madtAddress))));

  const used = next - platform.area.address;
  if (used > platform.area.size) {
    throw new RangeError(`the ACPI tables need ${used} bytes, their area has ${platform.area.size}`);
  }
  const rsdpAddress = platform.area.address;
  return { rsdpAddress, areas: [{ address: rsdpAddress, bytes: rsdp(xsdtAddress) }, ...areas] };
}

/**
 * Root System Description Pointer (ACPI 6.5, section 5.2.5.3). Its first 20 bytes are ACPI 1.0's, with a checksum of
 * their own.
 */
function rsdp(xsdtAddress: number): Uint8Array {
  const revision = 2;
  const bytes = concat(
    ascii("RSD PTR "),
    u8(0),
    ascii(OEM_ID, 6),
    u8(revision),
    u32(0), // no RSDT
    u32(RSDP_SIZE),
    u64(xsdtAddress),
    u8(0, 0, 0, 0),
  );
  bytes[8] = checksum(bytes.subarray(0, 20));
  bytes[32] = checksum(bytes);
  return bytes;
}
