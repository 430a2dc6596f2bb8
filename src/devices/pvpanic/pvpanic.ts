import { asRead } from "../byte-port.ts";
import type { MachineEvents, PortDevice } from "../device.ts";

/** Events, as in Linux's <misc/pvpanic.h>: a read says which are understood, a write says which has happened. */
export const PvpanicEvent = {
  /** The kernel has panicked and will do nothing more about it. */
  PANICKED: 1 << 0,
  /** It has panicked, and hands over to a crash kernel: not the machine's end. */
  CRASH_LOADED: 1 << 1,
} as const;

/** The paravirtual panic device (ACPI's QEMU0001), one byte wide. */
export class Pvpanic implements PortDevice {
  readonly #events: MachineEvents;

  constructor(events: MachineEvents) {
    this.#events = events;
  }

  read(_offset: number, size: number): number {
    return asRead(PvpanicEvent.PANICKED | PvpanicEvent.CRASH_LOADED, size);
  }

  write(_offset: number, _size: number, value: number): void {
    if (value & PvpanicEvent.PANICKED) this.#events.end("panic");
  }
}
