import type { Range } from "../e820.ts";

/** The machine that the ACPI tables describe. Addresses are guest-physical, ports I/O ports, interrupts GSIs. */
export interface AcpiPlatform {
  /** Where the tables go: the RSDP at its start, 16-byte aligned. Old Linux finds it from 0xe0000 to 0xfffff only. */
  readonly area: Range;
  /** One per CPU, the boot CPU first. The index is the processor's ACPI UID. */
  readonly apicIds: readonly number[];
  readonly localApicAddress: number;
  readonly ioApic: { readonly id: number; readonly address: number };
  /** The sleep registers, a byte each, and the SLP_TYP value that turns the machine off. */
  readonly sleep: { readonly controlPort: number; readonly statusPort: number; readonly s5Type: number };
  /** Writing this byte there resets the machine. */
  readonly reset: { readonly port: number; readonly value: number };
  /** 16550, 8 ports. */
  readonly serial: { readonly port: number; readonly gsi: number };
  /** i8042. */
  readonly keyboard: { readonly dataPort: number; readonly commandPort: number; readonly gsi: number };
  /** MC146818, index and data port. It raises no interrupt, so none is promised: a driver would wait for its ticks. */
  readonly rtc: { readonly port: number };
  /** Raised when the power button is pressed. */
  readonly powerButtonGsi: number;
  readonly pvpanicPort: number;
  readonly virtio: readonly (Range & { readonly gsi: number })[];
}
