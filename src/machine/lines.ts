/** The machine's event descriptors: interrupt lines into the guest, and what wakes the main thread. */
import { EventFd } from "../../ffi/eventfd.ts";
import type { Vm } from "../../ffi/kvm/vm.ts";
import type { InterruptLine } from "../devices/device.ts";
import { GSI } from "./layout.ts";

const NAMES = ["keyboard", "serial", "events"] as const;
type LineName = (typeof NAMES)[number];

/** The descriptors of one virtio device. */
export interface VirtioLineNumbers {
  readonly interrupt: number;
  /** One a queue: the guest's notifications. */
  readonly kicks: readonly number[];
}

/** Numbers of the descriptors: they cross between threads. */
export interface LineNumbers extends Readonly<Record<LineName, number>> {
  /** Of each virtio device, in their order. */
  readonly virtio: readonly VirtioLineNumbers[];
  /** Wakes the main thread: an end, room in a console ring, bytes for it. */
  readonly wake: number;
  /** A vCPU stands still: signalled once for each. */
  readonly paused: number;
}

/** @param virtio how many queues each virtio device has */
export function createLines(virtio: readonly number[]): LineNumbers {
  const create = (name: string) => EventFd.create(`the ${name} line`).number;
  return {
    keyboard: create("keyboard"),
    serial: create("serial"),
    events: create("events"),
    wake: create("wake"),
    paused: create("paused"),
    virtio: virtio.map((queues) => ({
      interrupt: create("virtio interrupt"),
      kicks: Array.from({ length: queues }, () => create("virtio queue")),
    })),
  };
}

/** Connects the lines to the interrupt controllers: from here on a signal is an edge in the guest. */
export function connectLines(vm: Vm, numbers: LineNumbers): void {
  for (const name of NAMES) vm.addIrqFd(numbers[name], GSI[name]);
}

/** A line as a device of this thread sees it. */
export function line(number: number): InterruptLine {
  const eventFd = EventFd.attach(number, "an interrupt line");
  return { raise: () => eventFd.signal() };
}
