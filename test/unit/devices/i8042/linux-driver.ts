/**
 * A keyboard controller with drivers that behave as Linux 6.1's do: i8042.c for the controller, libps2.c and atkbd.c for
 * the keyboard. The same accesses in the same order; waiting fails at once, since this controller never makes one wait.
 */
import { I8042 } from "../../../../src/devices/i8042/i8042.ts";
import { Ctr, Reply, Status } from "../../../../src/devices/i8042/registers.ts";
import { CountingLine, RecordedEvents } from "../support.ts";

/** Bytes that i8042_flush reads before it takes the controller for absent. */
const BUFFER_SIZE = 16;

/** The chip and what it is connected to. */
export class Board {
  readonly state: ArrayBuffer;
  readonly interrupt = new CountingLine();
  readonly events = new RecordedEvents();
  readonly chip: I8042;

  constructor(guard = 0) {
    this.state = new ArrayBuffer(I8042.STATE_BYTES + guard);
    I8042.reset(this.state);
    this.chip = new I8042(this.state, this.interrupt, this.events);
  }

  get status(): number {
    return this.chip.commandPort.read(0, 1);
  }
  get data(): number {
    return this.chip.dataPort.read(0, 1);
  }
  command(byte: number): void {
    this.chip.commandPort.write(0, 1, byte);
  }
  write(byte: number): void {
    this.chip.dataPort.write(0, 1, byte);
  }
}

export class LinuxDriver {
  readonly board: Board;
  /** Bytes that the interrupt handler has handed to the keyboard's driver. */
  readonly received: number[] = [];
  #ctr = 0;

  constructor(board = new Board()) {
    this.board = board;
  }

  /** i8042_probe, but for the mouse. @returns whether there is a controller */
  probe(): boolean {
    if (!this.flush()) return false;
    const first = this.#read(0x20);
    if (this.#read(0x20) !== first) return false;
    this.#ctr = (first | Ctr.KBDDIS) & ~Ctr.KBDINT;
    this.#writeCtr();
    return this.flush();
  }

  /** i8042_flush. @returns false when bytes never end */
  flush(): boolean {
    for (let count = 0; this.board.status & Status.OBF; count++) {
      if (count >= BUFFER_SIZE) return false;
      this.board.data;
    }
    return true;
  }

  selftest(): boolean {
    return this.#read(0xaa) === 0x55;
  }

  get isTranslated(): boolean {
    return (this.#ctr & Ctr.XLATE) !== 0;
  }

  /** i8042_check_aux. @returns whether there is a mouse's port, and how many commands it took to say */
  checkAux(): { readonly present: boolean; readonly commands: number } {
    this.flush();
    this.board.command(0xd3);
    this.board.write(0x5a);
    if (this.board.status & 0x20 && this.board.data === 0x5a) return { present: true, commands: 1 };
    const test = this.#read(0xa9);
    return { present: test === 0 || test === 0xfa || test === 0xff, commands: 2 };
  }

  /** i8042_enable_kbd_port. */
  enableKeyboard(): void {
    this.#ctr = (this.#ctr & ~Ctr.KBDDIS) | Ctr.KBDINT;
    this.#writeCtr();
  }

  /** i8042_interrupt, once for each latched edge: one byte an interrupt. */
  serveInterrupts(): void {
    while (this.board.interrupt.take() > 0) {
      if (this.board.status & Status.OBF) this.received.push(this.board.data);
    }
  }

  /** ps2_command. @returns what came after the acknowledgements @throws when one is missing */
  keyboard(command: number, ...parameters: number[]): number[] {
    const answer: number[] = [];
    for (const byte of [command, ...parameters]) {
      this.received.length = 0;
      this.board.write(byte);
      this.serveInterrupts();
      if (this.received[0] !== Reply.ACK) throw new Error(`0x${byte.toString(16)}: no acknowledgement`);
      answer.push(...this.received.slice(1));
    }
    this.received.length = 0;
    return answer;
  }

  #writeCtr(): void {
    this.board.command(0x60);
    this.board.write(this.#ctr);
  }

  #read(command: number): number {
    this.board.command(command);
    if ((this.board.status & Status.OBF) === 0)
      throw new Error(`0x${command.toString(16)}: no answer for half a second`);
    return this.board.data;
  }
}
