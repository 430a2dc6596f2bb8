import { asRead } from "../byte-port.ts";
import type { MachineEvents, PortDevice } from "../device.ts";

const FAST_RESET = 0x01;
const A20 = 0x02;

/** System control port A (0x92), the PS/2's quicker way to two of the keyboard controller's lines: reset and A20 (always on). */
export class SystemControlPort implements PortDevice {
  readonly #events: MachineEvents;

  constructor(events: MachineEvents) {
    this.#events = events;
  }

  read(_offset: number, size: number): number {
    return asRead(A20, size);
  }

  write(_offset: number, _size: number, value: number): void {
    if (value & FAST_RESET) this.#events.end("reset");
  }
}
