/** The local APIC's two interrupt pins, as firmware leaves them: LINT0 takes the PIC's interrupts, LINT1 is NMI. */

const LVT_LINT0 = 0x350;
const LVT_LINT1 = 0x360;
/** Delivery mode, bits 8 to 10 of a local vector table entry (Intel SDM volume 3, 11.5.1). */
const DELIVERY_MODE = 0x700;
const DELIVER_NMI = 0x400;
const DELIVER_EXTINT = 0x700;

/** Changes a local APIC's register page (KVM_GET_LAPIC) in place. */
export function wireLocalInterrupts(registers: Uint8Array): Uint8Array {
  const view = new DataView(registers.buffer, registers.byteOffset, registers.byteLength);
  const deliver = (lvt: number, mode: number) => {
    view.setUint32(lvt, (view.getUint32(lvt, true) & ~DELIVERY_MODE) | mode, true);
  };
  deliver(LVT_LINT0, DELIVER_EXTINT);
  deliver(LVT_LINT1, DELIVER_NMI);
  return registers;
}
