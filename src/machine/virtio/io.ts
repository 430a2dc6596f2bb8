/** The virtio devices as the main thread runs them: what wakes them in its epoll, their back ends behind that. */
import { EPOLL, type Epoll } from "../../../ffi/epoll.ts";
import { VirtioBackend } from "../../devices/virtio/backend.ts";
import { deviceReading } from "../../devices/virtio/counters.ts";
import type { VirtioDevice } from "../../devices/virtio/device.ts";
import { LineLimiter } from "../../observe/line-limiter.ts";
import type { DeviceReading } from "../../observe/metrics/readings.ts";
import { GSI } from "../layout.ts";
import { line } from "../lines.ts";
import type { MachineParts } from "../parts.ts";
import { virtioState } from "./state.ts";

type Parts = Pick<MachineParts, "devices" | "block" | "lines" | "interrupts" | "memory" | "counts"> & {
  readonly log: { warn(text: string): void };
};

/** A descriptor, and what to do when it is ready. */
interface Waker {
  readonly fd: number;
  /** Of EPOLL. */
  readonly events: number;
  readonly ready: () => void;
}

export class VirtioIo {
  readonly #backends: readonly VirtioBackend[];
  /** Every queue of every device, and their own descriptors; the index is the epoll token, less the first. */
  readonly #wakers: readonly Waker[];

  constructor({ devices, block, lines, interrupts, memory, counts, log }: Parts) {
    this.#backends = devices.map((device, slot) => {
      const descriptors = lines.virtio[slot]!;
      const own = { interrupt: interrupts.line(GSI.virtio[slot]!), kicks: descriptors.kicks.map(line), descriptors };
      const limiter = new LineLimiter();
      const report = (problem: string): void => {
        if (!limiter.say(problem, (line) => log.warn(line))) counts.log.limited++;
      };
      return new VirtioBackend(device, virtioState(block, slot), memory, own, report);
    });
    this.#wakers = this.#backends.flatMap((backend, slot) => [
      ...kickWakers(backend, lines.virtio[slot]!.kicks),
      ...(backend.device.sources ?? []).map(({ fd, ready }) => {
        return { fd, events: EPOLL.IN, ready: () => backend.run(ready) };
      }),
    ]);
  }

  /** What runs a device. */
  backendOf(device: VirtioDevice): VirtioBackend | undefined {
    return this.#backends.find((backend) => backend.device === device);
  }

  /** Says which epoll tells of them, and from which token on. */
  watch(epoll: Epoll, firstToken: number): void {
    this.#wakers.forEach(({ fd, events }, i) => {
      epoll.add(fd, events, firstToken + i);
    });
  }

  /** The descriptor with this token, less the first, is ready. */
  ready(index: number): void {
    this.#wakers[index]?.ready();
  }

  /** What each device did so far, in their order. */
  readings(): DeviceReading[] {
    return this.#backends.map(deviceReading);
  }

  /** The main thread was woken: a driver may have brought a device up, or reset it. */
  serve(): void {
    for (const backend of this.#backends) backend.serve();
  }

  /** The machine has ended. */
  close(): void {
    for (const { device } of this.#backends) device.close?.();
  }
}

/** None for the queues that the host's kernel serves: it takes their signals itself. */
function kickWakers(backend: VirtioBackend, kicks: readonly number[]): Waker[] {
  const { kernelQueues = [] } = backend.device;
  return kicks.flatMap((number, queue) => (kernelQueues.includes(queue) ? [] : [kickWaker(backend, number, queue)]));
}

/**
 * Every signal is an edge, so nobody has to take signals by reading: a kick costs one system call less, and one that comes
 * while its queue is looked at counts anew. The count, of 64 bits, is never full.
 */
function kickWaker(backend: VirtioBackend, fd: number, queue: number): Waker {
  return { fd, events: EPOLL.IN + EPOLL.EDGE, ready: () => backend.kick(queue) };
}
