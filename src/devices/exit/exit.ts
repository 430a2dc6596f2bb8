import { asRead } from "../byte-port.ts";
import type { MachineEvents, PortDevice } from "../device.ts";

/**
 * I/O port 0x501: the guest writes the byte (1..255) that volt shall exit with, then goes down by itself. 0 says nothing
 * and is ignored. The port only takes: it reads as all ones, like one where nothing is.
 */
export class ExitStatusPort implements PortDevice {
  readonly #events: MachineEvents;

  constructor(events: MachineEvents) {
    this.#events = events;
  }

  read(_offset: number, size: number): number {
    return asRead(0xff, size);
  }

  write(_offset: number, _size: number, value: number): void {
    const status = value & 0xff;
    if (status !== 0) this.#events.exitStatus(status);
  }
}
