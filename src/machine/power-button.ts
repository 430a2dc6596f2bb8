/** Asks a guest to shut down: the ACPI power button, or Ctrl-Alt-Del for a guest without ACPI. */

import type { InterruptLine } from "../devices/device.ts";
import { I8042 } from "../devices/i8042/i8042.ts";
import type { MachineBlock } from "./block.ts";
import { GSI } from "./layout.ts";
import type { Interrupts } from "./lines.ts";

export class PowerButton {
  readonly #events: InterruptLine;
  readonly #keyboard: I8042;
  readonly #hasAcpi: boolean;

  constructor(block: MachineBlock, interrupts: Interrupts, hasAcpi: boolean) {
    this.#events = interrupts.line(GSI.events);
    this.#keyboard = new I8042(block.part("i8042"), interrupts.line(GSI.keyboard), { end() {}, exitStatus() {} });
    this.#hasAcpi = hasAcpi;
  }

  /** Ctrl-Alt-Del makes Linux reboot without a sync unless its init took it over, so it is not tried where there is a button. */
  press(): void {
    if (this.#hasAcpi) this.#events.raise();
    else this.pressCtrlAltDel();
  }

  /** The three keys, whether there is a button or not. */
  pressCtrlAltDel(): void {
    this.#keyboard.pressCtrlAltDel();
  }
}
