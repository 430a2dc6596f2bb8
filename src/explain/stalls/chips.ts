/** Chips and buses that the kernel looks for, and the console that it waits for. */
import { callMs, hasWord, portExits } from "../record.ts";
import { isWorthMending, type Stall } from "../stall.ts";

const KEYBOARD_WORDS = ["i8042.noaux", "i8042.nomux", "i8042.dumbkbd"];

export const keyboardProbe: Stall = {
  name: "i8042 probe",
  find(boot) {
    const exits = portExits(boot, 0x60, 0x64);
    const ms = Math.max(exits.ms, callMs(boot, /^i8042_init$/));
    const missing = KEYBOARD_WORDS.filter((word) => !hasWord(boot, word));
    if (!isWorthMending(boot, ms)) return undefined;
    const inKernel = "a kernel without CONFIG_SERIO_I8042 has no driver that looks";
    return {
      seen: `the keyboard controller's driver looked for mouse, multiplexer and keyboard lights: ${exits.count} exits at ports 0x60 and 0x64`,
      ms,
      mend:
        missing.length > 0 ? { text: `tell it that there are none; ${inKernel}`, add: missing } : { text: inKernel },
    };
  },
};

/** Fewer bytes are no stall on any host. */
const FEW_BYTES = 1000;

export const serialOutput: Stall = {
  name: "serial output",
  find(boot) {
    const bytes = boot.exits
      .flatMap(({ ports }) => ports)
      .reduce((sum, { port, writes }) => (port === 0x3f8 ? sum + writes : sum), 0);
    const { ms } = portExits(boot, 0x3f8, 0x3ff);
    if (bytes < FEW_BYTES || !isWorthMending(boot, ms)) return undefined;
    // A log that comes by the console is there for this look at the boot: without it a quiet kernel says nothing.
    const isOurs = boot.logFrom === "console";
    if (isOurs && hasWord(boot, "quiet")) return undefined;
    return {
      seen: `${bytes} bytes on ttyS0${isOurs ? " (initcall_debug's among them)" : ""}, each two exits or more, and the kernel waits for each`,
      ms,
      mend: {
        text: "let it say less, or give it --console virtio, which takes a whole message in one exit",
        add: ["quiet", "loglevel=1"],
        remove: [/^(debug|ignore_loglevel|keep_bootcon)$/, /^loglevel=[2-9]/, /^early(printk|con)(=.*)?$/],
      },
    };
  },
};

/** The machine has one port, at 0x3f8. The kernel looks for four. */
export const serialProbe: Stall = {
  name: "serial port probe",
  find(boot) {
    const others = [0x2f8, 0x3e8, 0x2e8].map((first) => portExits(boot, first, first + 7));
    const count = others.reduce((sum, one) => sum + one.count, 0);
    if (count === 0) return undefined;
    return {
      seen: `the driver looked for serial ports that are not there: ${count} exits at 0x2f8, 0x3e8 and 0x2e8`,
      ms: others.reduce((sum, one) => sum + one.ms, 0),
      mend: { text: "tell it that there is one", add: ["8250.nr_uarts=1"], remove: [/^8250\.nr_uarts=/] },
    };
  },
};

export const pciScan: Stall = {
  name: "PCI scan",
  find(boot) {
    const { count, ms } = portExits(boot, 0xcf8, 0xcff);
    const spent = Math.max(ms, callMs(boot, /^(pci_arch_init|pci_subsys_init|pcibios_init|acpi_pci_init)$/));
    if (hasWord(boot, "pci=off") || (count < 10 && !isWorthMending(boot, spent))) return undefined;
    return {
      seen: `the kernel looked for a PCI bus, which this machine has not: ${count} exits at ports 0xcf8 to 0xcff`,
      ms: spent,
      mend: { text: "tell it not to look", add: ["pci=off"] },
    };
  },
};

export const acpi: Stall = {
  name: "ACPI",
  find(boot) {
    const ms = callMs(boot, /^acpi_/);
    if (hasWord(boot, "acpi=off") || !isWorthMending(boot, ms)) return undefined;
    return {
      seen: "the kernel read the ACPI tables and made devices of them",
      ms,
      mend: {
        text: "do without; the guest then has no power button and no power-off, and ends by a reset",
        add: ["acpi=off"],
      },
    };
  },
};
