import type { VirtioContext, VirtioDevice } from "../device.ts";
import { COMMON_FEATURES, featureSet, hasFeature } from "../features.ts";
import { consoleConfig, type TerminalSize } from "./config.ts";
import { ControlQueues } from "./control-queues.ts";
import { newCounters } from "./counters.ts";
import { ConsolePort, type PortSink } from "./port.ts";

/** Device type "console" (virtio 1.2, section 5.3). */
const VIRTIO_ID_CONSOLE = 3;
const VIRTIO_CONSOLE_F_SIZE = 0;
const VIRTIO_CONSOLE_F_MULTIPORT = 1;

/** Linux keeps a page in every entry of a receive queue, used or not: shallow ones cost the guest little memory. */
const RECEIVE_SIZE = 32;
const TRANSMIT_SIZE = 64;
/** Of a port that never receives. */
const IDLE_SIZE = 2;
/** Index of the first control queue, when there are such: after port 0's two, before port 1's (5.3.2). */
const CONTROL_QUEUE = 2;

/** A port besides the console. */
export interface PortDescription {
  readonly name: string;
  /** Whether it ever gives the guest something to read. */
  readonly receives: boolean;
}

/**
 * The console device: port 0 is a console (hvc0), others are named streams of bytes.
 *
 * Without others MULTIPORT is not offered: then Linux has its console as soon as the driver is there, without a talk on
 * control queues first, and takes its size from configuration space.
 */
export class ConsoleDevice implements VirtioDevice {
  readonly name = "console";
  readonly id = VIRTIO_ID_CONSOLE;
  readonly countedAs = "console";
  readonly features: bigint;
  readonly queueSizes: readonly number[];
  readonly config: Uint8Array;
  /** What waits in a queue is touched in a turn only, and a driver that resets takes it with it. */
  readonly isBusy = false;
  readonly counters = newCounters();
  readonly ports: readonly ConsolePort[];
  readonly #control: ControlQueues;
  /** Until somebody takes a port's output, nothing of it is taken from the guest. */
  readonly #sinks: (PortSink | undefined)[];

  constructor(size: TerminalSize, others: readonly PortDescription[] = []) {
    const isMultiport = others.length > 0;
    this.features =
      COMMON_FEATURES | featureSet(VIRTIO_CONSOLE_F_SIZE, ...(isMultiport ? [VIRTIO_CONSOLE_F_MULTIPORT] : []));
    this.queueSizes = [
      ...[RECEIVE_SIZE, TRANSMIT_SIZE],
      ...(isMultiport ? [RECEIVE_SIZE, RECEIVE_SIZE] : []),
      ...others.flatMap(({ receives }) => [receives ? RECEIVE_SIZE : IDLE_SIZE, TRANSMIT_SIZE]),
    ];
    this.config = consoleConfig(size, 1 + others.length);
    this.#sinks = [undefined, ...others.map(() => undefined)];
    this.ports = this.#sinks.map((_, i) => {
      const sink = { write: (bytes: Uint8Array) => this.#sinks[i]?.write(bytes) ?? 0 };
      return new ConsolePort(others[i - 1]?.name, sink, this.counters);
    });
    this.#control = new ControlQueues(this.ports, size, this.counters);
  }

  /** Says where a port's output goes. */
  sendTo(port: ConsolePort, sink: PortSink): void {
    this.#sinks[this.ports.indexOf(port)] = sink;
  }

  port(name: string): ConsolePort | undefined {
    return this.ports.find((port) => port.name === name);
  }

  /** The queue a port's output comes by: a kick of it is what makes it go on after its sink was full. */
  transmitQueue(port: ConsolePort): number {
    return receiveQueue(this.ports.indexOf(port)) + 1;
  }

  activate({ memory, features, queues }: VirtioContext): void {
    const isMultiport = hasFeature(features, VIRTIO_CONSOLE_F_MULTIPORT);
    this.ports.forEach((port, i) => {
      const first = receiveQueue(i);
      if (i === 0 || isMultiport) port.activate(memory, queues[first], queues[first + 1]);
    });
    if (isMultiport) this.#control.activate(memory, queues[CONTROL_QUEUE], queues[CONTROL_QUEUE + 1]);
    // Who has only a console has it open all the time.
    else this.ports[0]!.setGuestOpen(true);
  }

  process(queue: number): boolean {
    if (queue === CONTROL_QUEUE) this.#control.send();
    else if (queue === CONTROL_QUEUE + 1) return this.#control.receive();
    // New buffers to receive into are used when somebody has input: `ConsolePort.feed`.
    else if (queue % 2 === 1) return this.#portOf(queue)?.drain() === "more";
    return false;
  }

  reset(): void {
    for (const port of this.ports) port.reset();
    this.#control.reset();
  }

  /** Opens or closes the host's side of a port. What was fed before is read before the end. Call it through `VirtioBackend.run`. */
  setHostOpen(port: ConsolePort, isOpen: boolean): void {
    if (port.isHostOpen === isOpen) return;
    port.isHostOpen = isOpen;
    this.#control.tellOpen(port);
  }

  /** Tells a driver of several ports the terminal's size. Others are told by `sizeBytes` in configuration space. */
  resize(size: TerminalSize): void {
    this.#control.resize(size);
  }

  #portOf(queue: number): ConsolePort | undefined {
    return this.ports.find((_, i) => receiveQueue(i) === queue - 1);
  }
}

/** Port 0 has queues 0 and 1, port 1 has 4 and 5. */
function receiveQueue(port: number): number {
  return port === 0 ? 0 : CONTROL_QUEUE + 2 * port;
}
