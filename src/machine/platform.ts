/** The machine as its firmware tables describe it: made from the layout, nothing is said twice. */

import type { CpuidEntry } from "../../ffi/kvm/cpuid.ts";
import type { AcpiPlatform } from "../boot/acpi/platform.ts";
import type { MpPlatform } from "../boot/mp-table.ts";
import { RESET_VALUE, SLP_TYP_S5 } from "../devices/power/power.ts";
import { GSI, LOW_MEMORY, MMIO, PORTS, POWER, type VirtioWindow } from "./layout.ts";

const IO_APIC_PINS = 24;
const HIGH_MEMORY = LOW_MEMORY.highMemory;

/** The I/O APIC's id must not be one of a CPU: it comes right after them. */
function ioApic(cpus: number): { id: number; address: number } {
  return { id: cpus, address: MMIO.ioApic };
}

function apicIds(cpus: number): number[] {
  return Array.from({ length: cpus }, (_, cpu) => cpu);
}

export function acpiPlatform(cpus: number, virtio: readonly VirtioWindow[] = []): AcpiPlatform {
  return {
    area: { address: LOW_MEMORY.acpi, size: HIGH_MEMORY - LOW_MEMORY.acpi },
    apicIds: apicIds(cpus),
    localApicAddress: MMIO.localApic,
    ioApic: ioApic(cpus),
    sleep: { controlPort: POWER.sleepControl, statusPort: POWER.sleepStatus, s5Type: SLP_TYP_S5 },
    reset: { port: POWER.reset, value: RESET_VALUE },
    serial: { port: PORTS.serial.first, gsi: GSI.serial },
    keyboard: { dataPort: PORTS.keyboardData.first, commandPort: PORTS.keyboardCommand.first, gsi: GSI.keyboard },
    rtc: { port: PORTS.rtc.first },
    powerButtonGsi: GSI.events,
    pvpanicPort: PORTS.pvpanic.first,
    virtio,
  };
}

/** @param features CPUID leaf 1 as the guest sees it */
export function mpPlatform(cpus: number, features: CpuidEntry): MpPlatform {
  return {
    address: LOW_MEMORY.mpTable,
    apicIds: apicIds(cpus),
    cpuSignature: features.eax,
    cpuFeatures: features.edx,
    localApicAddress: MMIO.localApic,
    ioApic: { ...ioApic(cpus), pins: IO_APIC_PINS },
  };
}
