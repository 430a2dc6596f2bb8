/** Gives a VM its virtio devices: registers before any thread runs, event descriptors once KVM has made the VM. */
import { EventFd } from "../../../ffi/eventfd.ts";
import type { Vm } from "../../../ffi/kvm/vm.ts";
import type { VirtioDevice } from "../../devices/virtio/device.ts";
import { Interrupt, Register } from "../../devices/virtio/transport/registers.ts";
import { VIRTIO_STATE_BYTES } from "../../devices/virtio/transport/state.ts";
import type { MachineBlock } from "../block.ts";
import { GSI, virtioWindows } from "../layout.ts";
import type { LineNumbers } from "../lines.ts";
import { virtioState } from "./state.ts";

/** Of KVM's memory slots; the first ones are RAM. */
const FIRST_SLOT = 32;

/** Power-on state, once a machine. Stage one has counted them (count.ts). */
export function describeVirtio(devices: readonly VirtioDevice[], block: MachineBlock): void {
  const most = GSI.virtio.length;
  if (devices.length > most)
    throw new Error(`the plan has ${devices.length} virtio devices, and ${most} interrupt lines`);
  devices.forEach((device, slot) => {
    virtioState(block, slot).describe(device);
  });
}

/**
 * Connects interrupts and notifications. A kick is a write of the queue's number to QueueNotify, which KVM takes for an
 * eventfd's signal: no exit to volt. For a device that interrupts often the rest costs none either:
 *
 * - Registers are read from the page they are in.
 * - The driver's word that it has seen used buffers goes to an eventfd that nobody reads. The bit in InterruptStatus then
 *   stays, as it does with vhost: a driver finds a cause for every interrupt, and looks at its rings. Changes of
 *   configuration are acknowledged together with it or alone, which is another value, and so reach the register.
 *
 * Each memory slot costs a start a millisecond or two, so the others have none, and `VirtioMmio` serves their exits.
 * @param withPage which devices are to have theirs: none where KVM lacks KVM_CAP_READONLY_MEM
 */
export function connectVirtio(vm: Vm, lines: LineNumbers, block: MachineBlock, withPage: readonly boolean[]): void {
  // KVM holds on to what is behind the descriptor.
  using seen = EventFd.create("acknowledged interrupts");
  virtioWindows(lines.virtio.length).forEach(({ address, size, gsi }, slot) => {
    const { interrupt, kicks } = lines.virtio[slot]!;
    if (interrupt !== undefined) vm.addIrqFd(interrupt, gsi);
    kicks.forEach((kick, queue) => {
      vm.addMmioEventFd(kick, address + Register.QueueNotify, queue);
    });
    if (!withPage[slot]) return;
    vm.addMmioEventFd(seen.number, address + Register.InterruptACK, Interrupt.USED_BUFFER);
    const hostAddress = block.addressOf("virtio") + slot * VIRTIO_STATE_BYTES;
    vm.setMemorySlot({ slot: FIRST_SLOT + slot, guestAddress: address, hostAddress, size, readOnly: true });
  });
}
