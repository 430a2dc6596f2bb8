import type { GuestMemory } from "../../../memory/guest.ts";
import { gather, scatter } from "../queue/bytes.ts";
import { DescriptorChain } from "../queue/chain.ts";
import type { Queue } from "../queue/queue.ts";
import { serveQueue } from "../queue/serve.ts";
import type { TerminalSize } from "./config.ts";
import { CONTROL_BYTES, type ControlMessage, decodeControl, Event, encodeControl, resizePayload } from "./control.ts";
import type { ConsoleCounters } from "./counters.ts";
import type { ConsolePort } from "./port.ts";

const MESSAGES_A_TURN = 64;
const NOTHING = new Uint8Array(0);

/**
 * What a port's driver is owed, as bits, in the order it is told. Bits and not a list of messages: a driver that asks
 * and asks, and has no buffer for an answer, fills no memory of the host's.
 *
 * OPEN comes before NAME: who waits in the guest for a name to appear finds the port open then, and reads no end of file.
 */
const Owed = { ADD: 1, CONSOLE: 2, RESIZE: 4, OPEN: 8, NAME: 16 } as const;
type Debt = (typeof Owed)[keyof typeof Owed];
const IN_ORDER: readonly Debt[] = [Owed.ADD, Owed.CONSOLE, Owed.RESIZE, Owed.OPEN, Owed.NAME];

/** The control queues of a console with several ports: what the driver says, and what it is told. */
export class ControlQueues {
  readonly #ports: readonly ConsolePort[];
  readonly #counters: ConsoleCounters;
  /** For each port, a set of `Owed`. */
  readonly #owed: Uint8Array;
  /** Which ports the driver knows: of others it is told nothing. */
  readonly #isKnown: boolean[];
  readonly #chain = new DescriptorChain();
  readonly #bytes = new Uint8Array(CONTROL_BYTES);
  #memory: GuestMemory | undefined;
  #toDriver: Queue | undefined;
  #fromDriver: Queue | undefined;
  #size: TerminalSize;

  constructor(ports: readonly ConsolePort[], size: TerminalSize, counters: ConsoleCounters) {
    this.#ports = ports;
    this.#size = size;
    this.#counters = counters;
    this.#owed = new Uint8Array(ports.length);
    this.#isKnown = ports.map(() => false);
  }

  activate(memory: GuestMemory, toDriver: Queue | undefined, fromDriver: Queue | undefined): void {
    this.#memory = memory;
    this.#toDriver = toDriver;
    this.#fromDriver = fromDriver;
  }

  reset(): void {
    this.#memory = this.#toDriver = this.#fromDriver = undefined;
    this.#owed.fill(0);
    this.#isKnown.fill(false);
  }

  /** Takes what the driver says. @returns whether there is more */
  receive(): boolean {
    const hasMore = this.#fromDriver ? serveQueue(this.#fromDriver, this.#chain, MESSAGES_A_TURN, this.#take) : false;
    this.send();
    return hasMore;
  }

  /** Tells the driver what it is owed, as far as it has buffers. */
  send(): void {
    for (let port = 0; port < this.#ports.length; port++) {
      for (const debt of IN_ORDER) {
        if ((this.#owed[port]! & debt) === 0) continue;
        if (!this.#write(this.#message(port, debt))) return;
        this.#owed[port]! &= ~debt;
      }
    }
  }

  /** The host has opened or closed its side of a port. */
  tellOpen(port: ConsolePort): void {
    this.#change(this.#ports.indexOf(port), Owed.OPEN);
  }

  /** The terminal behind the console has another size. */
  resize(size: TerminalSize): void {
    this.#size = size;
    this.#change(0, Owed.RESIZE);
  }

  readonly #take = (chain: DescriptorChain): number => {
    this.#counters.controlMessages++;
    const isWhole = gather(chain, this.#memory!, this.#bytes) === CONTROL_BYTES;
    const message = decodeControl(this.#bytes);
    const isKnown = message.event === Event.DEVICE_READY || message.port < this.#ports.length;
    if (isWhole && isKnown) this.#handle(message);
    else this.#counters.errors++;
    return 0;
  };

  #handle({ port, event, value }: ControlMessage): void {
    if (event === Event.DEVICE_READY && value === 1) {
      for (let i = 0; i < this.#ports.length; i++) this.#owed[i]! |= Owed.ADD;
    } else if (event === Event.PORT_READY && value === 1) {
      const isConsole = this.#ports[port]!.name === undefined;
      this.#isKnown[port] = true;
      this.#owed[port]! |= Owed.OPEN | (isConsole ? Owed.CONSOLE | Owed.RESIZE : Owed.NAME);
    } else if (event === Event.PORT_OPEN) {
      this.#ports[port]!.setGuestOpen(value === 1);
    }
  }

  #change(port: number, debt: Debt): void {
    if (!this.#isKnown[port]) return;
    this.#owed[port]! |= debt;
    this.send();
  }

  #message(port: number, debt: Debt): Uint8Array {
    const { isHostOpen, name = "" } = this.#ports[port]!;
    switch (debt) {
      case Owed.ADD:
        return encodeControl({ port, event: Event.PORT_ADD, value: 1 }, NOTHING);
      case Owed.CONSOLE:
        return encodeControl({ port, event: Event.CONSOLE_PORT, value: 1 }, NOTHING);
      case Owed.RESIZE:
        return encodeControl({ port, event: Event.RESIZE, value: 0 }, resizePayload(this.#size));
      case Owed.OPEN:
        return encodeControl({ port, event: Event.PORT_OPEN, value: isHostOpen ? 1 : 0 }, NOTHING);
      case Owed.NAME:
        return encodeControl({ port, event: Event.PORT_NAME, value: 1 }, Buffer.from(name));
    }
  }

  /** Buffers too small for a message go back empty, no more than the queue is long. @returns whether it went */
  #write(message: Uint8Array): boolean {
    const queue = this.#toDriver;
    if (!queue || !this.#memory) return false;
    for (let tries = 0; tries <= queue.size; tries++) {
      if (queue.next(this.#chain)) {
        const fits = this.#chain.writableBytes >= message.length;
        if (fits) scatter(this.#chain, this.#memory, message);
        queue.complete(this.#chain.head, fits ? message.length : 0);
        if (fits) return true;
      } else if (!queue.resumeNotifications()) return false;
    }
    return false;
  }
}
