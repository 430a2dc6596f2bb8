import { concat, u8, viewOf } from "../pack.ts";
import type { AcpiPlatform } from "./platform.ts";
import { TABLE_HEADER_SIZE, table } from "./table.ts";

const REVISION = 6;
const MINOR_REVISION = 5;
const SIZE = 276;

/** Offsets in the table (ACPI 6.5, section 5.2.9). Fields of the fixed hardware this machine lacks stay zero. */
const FIELD = {
  DSDT: 40,
  IAPC_BOOT_ARCH: 109,
  FLAGS: 112,
  RESET_REG: 116,
  RESET_VALUE: 128,
  MINOR_VERSION: 131,
  X_DSDT: 140,
  SLEEP_CONTROL_REG: 244,
  SLEEP_STATUS_REG: 256,
  HYPERVISOR_VENDOR: 268,
} as const;

/** Fixed feature flags (section 5.2.9). */
const FLAG = {
  WBINVD: 1 << 0,
  PROC_C1: 1 << 2,
  /** Set: the button is a device in the DSDT, or there is none. */
  PWR_BUTTON: 1 << 4,
  SLP_BUTTON: 1 << 5,
  /** Set: the clock's alarm is no fixed event. */
  FIX_RTC: 1 << 6,
  RESET_REG_SUP: 1 << 10,
  HW_REDUCED_ACPI: 1 << 20,
} as const;

/** IA-PC boot architecture flags (section 5.2.9.3). */
const BOOT_ARCH = {
  LEGACY_DEVICES: 1 << 0,
  I8042: 1 << 1,
  VGA_NOT_PRESENT: 1 << 2,
} as const;

/**
 * Fixed ACPI Description Table, of reduced hardware (section 4.1): no SCI, no PM timer, no fixed registers. Sleep and
 * reset are one port each, events come by the DSDT's Generic Event Device, and Linux probes for no PIC and no PIT.
 */
export function fadt(platform: AcpiPlatform, dsdtAddress: number): Uint8Array {
  const bytes = new Uint8Array(SIZE);
  const view = viewOf(bytes);
  view.setUint32(FIELD.DSDT, dsdtAddress, true);
  view.setBigUint64(FIELD.X_DSDT, BigInt(dsdtAddress), true);
  view.setUint16(FIELD.IAPC_BOOT_ARCH, BOOT_ARCH.LEGACY_DEVICES | BOOT_ARCH.I8042 | BOOT_ARCH.VGA_NOT_PRESENT, true);
  view.setUint32(
    FIELD.FLAGS,
    Object.values(FLAG).reduce((all, flag) => all | flag),
    true,
  );
  view.setUint8(FIELD.MINOR_VERSION, MINOR_REVISION);
  bytes.set(bytePort(platform.reset.port), FIELD.RESET_REG);
  view.setUint8(FIELD.RESET_VALUE, platform.reset.value);
  bytes.set(bytePort(platform.sleep.controlPort), FIELD.SLEEP_CONTROL_REG);
  bytes.set(bytePort(platform.sleep.statusPort), FIELD.SLEEP_STATUS_REG);
  bytes.set(new TextEncoder().encode("VOLT"), FIELD.HYPERVISOR_VENDOR);
  return table("FACP", REVISION, bytes.subarray(TABLE_HEADER_SIZE));
}

/** Generic Address Structure (section 5.2.3.2) for one 8-bit port. */
function bytePort(port: number): Uint8Array {
  const systemIo = 1;
  const byteAccess = 1;
  const address = new Uint8Array(8);
  viewOf(address).setUint16(0, port, true);
  return concat(u8(systemIo, 8, 0, byteAccess), address);
}
