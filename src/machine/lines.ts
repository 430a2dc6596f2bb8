/** What carries a signal between a device, its guest and the main thread: event descriptors and interrupt lines. */
import { EventFd } from "../../ffi/eventfd.ts";
import { IrqLine } from "../../ffi/kvm/irq-line.ts";
import type { InterruptLine } from "../devices/device.ts";
import type { LineDescriptors } from "../devices/virtio/device.ts";
import type { DeviceDescription } from "../devices/virtio/transport/state.ts";

/** Numbers of the descriptors: they cross between threads. */
export interface LineNumbers {
  /** Of each virtio device, in their order. */
  readonly virtio: readonly LineDescriptors[];
  /** Wakes the main thread: an end, room in a console ring, bytes for it. */
  readonly wake: number;
  /** A vCPU stands still: signalled once for each. */
  readonly paused: number;
}

/** @param devices the virtio devices */
export function createLines(devices: readonly Pick<DeviceDescription, "queueSizes" | "kernelQueues">[]): LineNumbers {
  const create = (name: string) => EventFd.create(`the ${name} line`).number;
  return {
    wake: create("wake"),
    paused: create("paused"),
    virtio: devices.map(({ queueSizes, kernelQueues = [] }) => ({
      ...(kernelQueues.length > 0 ? { interrupt: create("virtio interrupt") } : {}),
      kicks: queueSizes.map(() => create("virtio queue")),
    })),
  };
}

/** A descriptor as a line of this thread's. */
export function line(number: number): InterruptLine {
  const eventFd = EventFd.attach(number, "a line");
  return { raise: () => eventFd.signal() };
}

/** Where devices get their interrupt lines. */
export interface Interrupts {
  /** The line of this global system interrupt. */
  line(gsi: number): InterruptLine;
}

const NO_VM = -1;

/**
 * The guest's interrupt lines, as one thread raises them: itself. An irqfd is another way, and the one of the host's kernel,
 * but only MSIs go through it at once. A line of the I/O APIC waits for a worker of the kernel, and a vCPU that interrupts
 * itself, as the serial port does for each burst of bytes, is then kicked out of the guest by another processor.
 */
export class InterruptLines implements Interrupts {
  #vm: number;

  /** @param vm the VM's descriptor, if there is a VM already: without one nothing can be raised */
  constructor(vm = NO_VM) {
    this.#vm = vm;
  }

  connect(vm: number): void {
    this.#vm = vm;
  }

  line(gsi: number): InterruptLine {
    const irq = new IrqLine(gsi);
    return { raise: () => irq.pulse(this.#vm) };
  }
}
