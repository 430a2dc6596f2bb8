/** An interrupt line of a VM's I/O APIC and PICs, as an edge. */
import { pack } from "../abi.ts";
import { libc } from "../libc.ts";
import { Ioctl } from "./ioctls.ts";
import { IRQ_LEVEL } from "./layouts.ts";

export class IrqLine {
  readonly #up: Uint8Array;
  readonly #down: Uint8Array;

  /** @param gsi its global system interrupt */
  constructor(gsi: number) {
    this.#up = pack(IRQ_LEVEL, { irq: gsi, level: 1 });
    this.#down = pack(IRQ_LEVEL, { irq: gsi, level: 0 });
  }

  /**
   * KVM_IRQ_LINE, up and down. From any thread; it allocates nothing, and returns when the interrupt is with the local APIC
   * it is for. Without interrupt controllers nothing happens.
   * @param vm the VM's descriptor
   */
  pulse(vm: number): void {
    libc.ioctl(vm, Ioctl.KVM_IRQ_LINE, this.#up);
    libc.ioctl(vm, Ioctl.KVM_IRQ_LINE, this.#down);
  }
}
