/** An interrupt line of a VM's I/O APIC and PICs, as an edge. */
import { pack } from "../abi.ts";
import { libc } from "../libc.ts";
import { Ioctl } from "./ioctls.ts";
import { IRQ_LEVEL } from "./layouts.ts";

export class IrqLine {
  readonly #down: Uint8Array;
  readonly #up: Uint8Array;

  /** @param gsi its global system interrupt */
  constructor(gsi: number) {
    this.#down = pack(IRQ_LEVEL, { irq: gsi, level: 0 });
    this.#up = pack(IRQ_LEVEL, { irq: gsi, level: 1 });
  }

  /**
   * KVM_IRQ_LINE, down and up: an edge. It allocates nothing, and returns when the interrupt is with the local APIC it is
   * for. Without interrupt controllers nothing happens.
   *
   * Any number of threads may do so at once, and no edge is lost. Where another's comes between these two, the line is
   * up already and stays so, and the guest is interrupted once: after whatever both had to tell. (The other way round, up
   * and down, the line might still be up from another's edge that the guest has long served, and this one would be none.)
   * @param vm the VM's descriptor
   */
  pulse(vm: number): void {
    libc.ioctl(vm, Ioctl.KVM_IRQ_LINE, this.#down);
    libc.ioctl(vm, Ioctl.KVM_IRQ_LINE, this.#up);
  }
}
