import { asRead } from "../byte-port.ts";
import type { InterruptLine, MachineEvents, PortDevice } from "../device.ts";
import { sendCtrlAltDel, takeKeyboardByte, tellKeyboard } from "./keyboard.ts";
import { Command, Ctr, OutputPort, Reply, Status } from "./registers.ts";
import { ANSWER, I8042_STATE_BYTES, I8042State, Word } from "./state.ts";

const SELF_TEST_PASSED = 0x55;
const PORT_TEST_PASSED = 0x00;
/** "Clock line stuck low": the answer for a port with nothing on it, on which Linux stops looking for a mouse. */
const PORT_TEST_STUCK = 0x01;
/** Input port: the keyboard is not locked. */
const INPUT_PORT = 0x80;

/**
 * The PC's keyboard controller with a keyboard and no mouse. It answers every command within the write: a guest never
 * waits for it (Linux gives a silent controller half a second a command), and never sees it busy.
 */
export class I8042 {
  static readonly STATE_BYTES = I8042_STATE_BYTES;
  static readonly reset = I8042State.reset;

  /** Port 0x60. */
  readonly dataPort: PortDevice = {
    read: (_offset, size) => asRead(this.#readData(), size),
    write: (_offset, _size, value) => this.#writeData(value & 0xff),
  };
  /** Port 0x64. */
  readonly commandPort: PortDevice = {
    read: (_offset, size) => asRead(this.#readStatus(), size),
    write: (_offset, _size, value) => this.#writeCommand(value & 0xff),
  };

  readonly #state: I8042State;
  readonly #interrupt: InterruptLine;
  readonly #events: MachineEvents;

  /** @param interrupt IRQ 1 */
  constructor(state: ArrayBuffer, interrupt: InterruptLine, events: MachineEvents) {
    this.#state = new I8042State(state);
    this.#interrupt = interrupt;
    this.#events = events;
  }

  /** From any thread. @returns false when the guest would not notice: it has turned the keyboard off, or does not read it */
  pressCtrlAltDel(): boolean {
    this.#state.lock.acquire();
    const pressed = sendCtrlAltDel(this.#state);
    this.#finish();
    return pressed;
  }

  #readStatus(): number {
    const { words, lock } = this.#state;
    lock.acquire();
    words[Word.READS]!++;
    let status = Status.KEYLOCK | (words[Word.CTR]! & Ctr.SYS ? Status.SYS : 0) | words[Word.LAST_WRITE]!;
    if (this.#isOutputFull()) status |= Status.OBF | ((words[Word.ANSWER]! >> 8) & 0xff);
    lock.release();
    return status;
  }

  /** The controller's own answer goes first: whoever asked for it reads it right away. With nothing there, 0. */
  #readData(): number {
    const { words, lock } = this.#state;
    lock.acquire();
    let byte = 0;
    words[Word.READS]!++;
    if (words[Word.ANSWER] !== 0) {
      byte = words[Word.ANSWER]! & 0xff;
      words[Word.ANSWER] = 0;
    } else if (this.#isOutputFull()) {
      byte = takeKeyboardByte(this.#state);
    }
    // Each byte is an edge of its own, so the line goes down between two.
    words[Word.INTERRUPT] = 0;
    this.#finish();
    return byte;
  }

  #writeData(byte: number): void {
    const { words, lock } = this.#state;
    lock.acquire();
    const command = words[Word.COMMAND]!;
    words[Word.WRITES]!++;
    words[Word.COMMAND] = 0;
    words[Word.LAST_WRITE] = 0;
    let resets = false;
    switch (command) {
      case Command.CTL_WCTR:
        words[Word.CTR] = byte | Ctr.AUXDIS;
        break;
      case Command.WRITE_OUTPUT:
        resets = (byte & OutputPort.NOT_RESET) === 0;
        break;
      case Command.KBD_LOOP:
      case Command.AUX_LOOP:
        // Without a mouse's port the byte comes back as the keyboard's: how a driver tells an AT controller.
        this.#answer(byte);
        break;
      case Command.AUX_SEND:
        this.#answer(Reply.NAK, Status.TIMEOUT);
        break;
      default:
        // Something written to the keyboard turns its interface on.
        words[Word.CTR]! &= ~Ctr.KBDDIS;
        tellKeyboard(this.#state, byte);
    }
    this.#finish();
    if (resets) this.#reset();
  }

  #reset(): void {
    Atomics.add(this.#state.words, Word.RESETS, 1);
    this.#events.end("reset");
  }

  #writeCommand(command: number): void {
    const { words, lock } = this.#state;
    lock.acquire();
    words[Word.WRITES]!++;
    words[Word.COMMAND] = 0;
    words[Word.LAST_WRITE] = Status.CMDDAT;
    const resets = command >= Command.PULSE && (command & OutputPort.NOT_RESET) === 0;
    this.#command(command);
    this.#finish();
    if (resets) this.#reset();
  }

  #command(command: number): void {
    const { words } = this.#state;
    switch (command) {
      case Command.CTL_WCTR:
      case Command.WRITE_OUTPUT:
      case Command.KBD_LOOP:
      case Command.AUX_LOOP:
      case Command.AUX_SEND:
        words[Word.COMMAND] = command;
        return;
      case Command.CTL_RCTR:
        this.#answer(words[Word.CTR]!);
        return;
      case Command.CTL_TEST:
        words[Word.CTR]! |= Ctr.SYS;
        this.#answer(SELF_TEST_PASSED);
        return;
      case Command.KBD_TEST:
        this.#answer(PORT_TEST_PASSED);
        return;
      case Command.AUX_TEST:
        this.#answer(PORT_TEST_STUCK);
        return;
      case Command.KBD_DISABLE:
        words[Word.CTR]! |= Ctr.KBDDIS;
        return;
      case Command.KBD_ENABLE:
        words[Word.CTR]! &= ~Ctr.KBDDIS;
        return;
      case Command.READ_INPUT:
        this.#answer(INPUT_PORT);
        return;
      case Command.READ_OUTPUT:
        this.#answer(OutputPort.NOT_RESET | OutputPort.A20 | (this.#isOutputFull() ? OutputPort.OBF : 0));
    }
  }

  /** Puts the controller's answer in the output buffer; one that was not read is lost, a keyboard's byte is not. */
  #answer(byte: number, status = 0): void {
    const { words } = this.#state;
    words[Word.ANSWER] = ANSWER | (status << 8) | byte;
    words[Word.INTERRUPT] = 0;
  }

  #isOutputFull(): boolean {
    const { words } = this.#state;
    return words[Word.ANSWER] !== 0 || (words[Word.QUEUE_LEVEL]! > 0 && (words[Word.CTR]! & Ctr.KBDDIS) === 0);
  }

  /** Releases the lock, then raises IRQ 1 if a byte has come that the guest wants to be interrupted for. */
  #finish(): void {
    const { words, lock } = this.#state;
    const level = this.#isOutputFull() && words[Word.CTR]! & Ctr.KBDINT ? 1 : 0;
    const rose = level > words[Word.INTERRUPT]!;
    words[Word.INTERRUPT] = level;
    lock.release();
    if (rose) this.#interrupt.raise();
  }
}
