import { concat } from "../pack.ts";
import {
  type Aml,
  arg,
  device,
  eisaId,
  equal,
  ifThen,
  integer,
  method,
  name,
  notify,
  packageOf,
  scope,
  string,
} from "./aml.ts";
import type { AcpiPlatform } from "./platform.ts";
import { interrupt, ioPorts, memory32Fixed, type Resource, resourceTemplate } from "./resources.ts";
import { definitionBlock } from "./table.ts";

const SERIAL_PORTS = 8;
const RTC_PORTS = 2;
/** "S0 Power Button Pressed" (ACPI 6.5, section 5.6.6). */
const NOTIFY_POWER_BUTTON = 0x80;

/**
 * The Differentiated System Description Table: every device the guest cannot find by itself. On a machine of reduced
 * hardware Linux leaves the PIC alone and wires an ISA interrupt only when a device here claims it, so the serial
 * port, the keyboard and the clock are listed for the sake of their interrupts.
 */
export function dsdt(platform: AcpiPlatform): Uint8Array {
  return definitionBlock(
    "DSDT",
    concat(
      name("\\_S5_", packageOf(integer(platform.sleep.s5Type), integer(0), integer(0), integer(0))),
      scope(
        "\\_SB_",
        ...platform.apicIds.map((_, uid) => processor(uid)),
        ...legacyDevices(platform),
        pvpanic(platform.pvpanicPort),
        ...powerButton(platform.powerButtonGsi),
        ...platform.virtio.map(virtioMmio),
      ),
    ),
  );
}

/** Without a _STA a device is present and working (section 6.3.7). */
function processor(uid: number): Aml {
  return device(numbered("C", uid), name("_HID", string("ACPI0007")), name("_UID", integer(uid)));
}

function legacyDevices({ serial, keyboard, rtc }: AcpiPlatform): Aml[] {
  return [
    device(
      "COM1",
      name("_HID", eisaId("PNP0501")),
      name("_UID", integer(0)),
      current(ioPorts(serial.port, SERIAL_PORTS), interrupt(serial.gsi)),
    ),
    device(
      "PS2K",
      name("_HID", eisaId("PNP0303")),
      current(ioPorts(keyboard.dataPort, 1), ioPorts(keyboard.commandPort, 1), interrupt(keyboard.gsi)),
    ),
    device("RTC_", name("_HID", eisaId("PNP0B00")), current(ioPorts(rtc.port, RTC_PORTS))),
  ];
}

/** QEMU's docs/specs/pvpanic.rst; Linux takes the port from _CRS. */
function pvpanic(port: number): Aml {
  return device("PEVT", name("_HID", string("QEMU0001")), current(ioPorts(port, 1)));
}

/** A Generic Event Device (section 5.6.9) takes the place of the SCI, and reports the control-method button. */
function powerButton(gsi: number): Aml[] {
  return [
    device("PWRB", name("_HID", eisaId("PNP0C0C"))),
    device(
      "GED_",
      name("_HID", string("ACPI0013")),
      name("_UID", integer(0)),
      current(interrupt(gsi)),
      method("_EVT", 1, ifThen(equal(arg(0), integer(gsi)), notify("\\_SB_.PWRB", NOTIFY_POWER_BUTTON))),
    ),
  ];
}

/** LNRO0005 is the id by which Linux's virtio_mmio driver knows them. */
function virtioMmio({ address, size, gsi }: AcpiPlatform["virtio"][number], uid: number): Aml {
  return device(
    numbered("V", uid),
    name("_HID", string("LNRO0005")),
    name("_UID", integer(uid)),
    current(memory32Fixed(address, size), interrupt(gsi)),
  );
}

function current(...resources: readonly Resource[]): Aml {
  return name("_CRS", resourceTemplate(...resources));
}

/** A name segment: a letter and three hexadecimal digits. */
function numbered(letter: string, index: number): string {
  return letter + index.toString(16).toUpperCase().padStart(3, "0");
}
