/** Gives a VM its virtio devices: registers before any thread runs, event descriptors once KVM has made the VM. */
import type { Vm } from "../../../ffi/kvm/vm.ts";
import { ConfigError } from "../../config/error.ts";
import type { VirtioDevice } from "../../devices/virtio/device.ts";
import { Register } from "../../devices/virtio/transport/registers.ts";
import type { MachineBlock } from "../block.ts";
import { GSI, virtioWindows } from "../layout.ts";
import type { LineNumbers } from "../lines.ts";
import { virtioState } from "./state.ts";

/** Power-on state, once a machine. @throws ConfigError when there are more devices than interrupt lines */
export function describeVirtio(devices: readonly VirtioDevice[], block: MachineBlock): void {
  const most = GSI.virtio.length;
  if (devices.length > most) {
    const names = devices.map(({ name }) => name).join(", ");
    throw new ConfigError(
      "",
      "devices",
      `a VM has lines for ${most}, these are ${devices.length}: ${names}: take some away`,
    );
  }
  devices.forEach((device, slot) => {
    virtioState(block, slot).describe(device);
  });
}

/**
 * Connects interrupts and notifications. A kick is a write of the queue's number to QueueNotify: KVM takes it for an
 * eventfd's signal, and the vCPU goes on without an exit to volt.
 */
export function connectVirtio(vm: Vm, lines: LineNumbers): void {
  virtioWindows(lines.virtio.length).forEach(({ address, gsi }, slot) => {
    const { interrupt, kicks } = lines.virtio[slot]!;
    vm.addIrqFd(interrupt, gsi);
    kicks.forEach((kick, queue) => {
      vm.addMmioEventFd(kick, address + Register.QueueNotify, queue);
    });
  });
}
