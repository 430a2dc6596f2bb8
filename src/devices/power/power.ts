import { asRead } from "../byte-port.ts";
import type { MachineEvents, PortDevice } from "../device.ts";

/** Where each register is, in ports after the first. The FADT points at them. */
export const PowerRegister = { SLEEP_CONTROL: 0, SLEEP_STATUS: 1, RESET: 2 } as const;

/** Sleep control register (ACPI 6.5, 4.8.3.7): the sleep type in bits 2 to 4, and the bit that sets off. */
export const SLP_EN = 0x20;
export const SLP_TYP_SHIFT = 2;
const SLP_TYP_MASK = 0x07;
/** The type that `\_S5` names: soft off, the one sleep state this machine has. */
export const SLP_TYP_S5 = 5;
/** Sleep status register: the machine has woken. Writing 1 clears it. */
export const WAK_STS = 0x80;
/** What the FADT's RESET_VALUE says. */
export const RESET_VALUE = 1;

/** The power registers of hardware-reduced ACPI: sleep control, sleep status and reset, a byte each in four ports. */
export class PowerPorts implements PortDevice {
  /** One byte: the sleep status register. Zeroed is power-on. */
  static readonly STATE_BYTES = 64;

  readonly #status: Uint8Array;
  readonly #events: MachineEvents;

  constructor(state: ArrayBuffer, events: MachineEvents) {
    this.#status = new Uint8Array(state, 0, 1);
    this.#events = events;
  }

  /** The sleep control and reset registers only take: they read as 0. */
  read(offset: number, size: number): number {
    if (offset > PowerRegister.RESET) return asRead(0xff, size);
    return asRead(offset === PowerRegister.SLEEP_STATUS ? this.#status[0]! : 0, size);
  }

  write(offset: number, _size: number, value: number): void {
    const byte = value & 0xff;
    if (offset === PowerRegister.SLEEP_CONTROL) this.#sleep(byte);
    else if (offset === PowerRegister.SLEEP_STATUS) this.#status[0]! &= ~byte;
    else if (offset === PowerRegister.RESET && byte === RESET_VALUE) this.#events.end("reset");
  }

  #sleep(control: number): void {
    if ((control & SLP_EN) === 0) return;
    if (((control >> SLP_TYP_SHIFT) & SLP_TYP_MASK) === SLP_TYP_S5) this.#events.end("poweroff");
    // A state that does not exist is over at once: Linux would spin on the wake bit for ever.
    else this.#status[0] = WAK_STS;
  }
}
