import { asRead } from "../byte-port.ts";
import type { PortDevice } from "../device.ts";
import { isTimeRegister, readTime, showTime } from "./calendar.ts";
import { A, B, CMOS_BYTES, Register, VRT } from "./registers.ts";

const INDEX_PORT = 0;
/** The index; bit 7 of what is written masks NMI on a PC, and there is none to mask. */
const INDEX_MASK = 0x7f;

/** In the block: the 128 bytes of CMOS, the index, and how far the guest's clock is ahead of the host's, in milliseconds. */
const INDEX_OFFSET = CMOS_BYTES;
const AHEAD_OFFSET = CMOS_BYTES + 8;

/** The chip's first tick comes half a second after it is started, and Linux sets it with that in mind. */
const FIRST_TICK_MS = 500;

/**
 * The PC's MC146818 real-time clock and CMOS memory, at two ports: index and data. Alarms are stored and never ring; no
 * interrupt is raised.
 *
 * There is no lock: index and data are two accesses, so a guest that lets two vCPUs at it without its own lock mixes them
 * up on a real PC too. All that it can spoil is its own idea of the time.
 */
export class Rtc implements PortDevice {
  static readonly STATE_BYTES = AHEAD_OFFSET + 8;

  readonly #cmos: Uint8Array;
  readonly #index: Uint8Array;
  readonly #ahead: Float64Array;
  readonly #now: () => number;

  /** Power-on state of a zeroed block. Once a machine, before any thread runs. */
  static reset(state: ArrayBuffer): void {
    const cmos = new Uint8Array(state, 0, CMOS_BYTES);
    cmos[Register.A] = A.POWER_ON;
    cmos[Register.B] = B.H24;
    cmos[Register.D] = VRT;
  }

  /** @param now milliseconds since 1970, UTC: what the clock shows until the guest sets it */
  constructor(state: ArrayBuffer, now: () => number = Date.now) {
    this.#cmos = new Uint8Array(state, 0, CMOS_BYTES);
    this.#index = new Uint8Array(state, INDEX_OFFSET, 1);
    this.#ahead = new Float64Array(state, AHEAD_OFFSET, 1);
    this.#now = now;
  }

  /** The index port only takes: it reads as all ones. */
  read(offset: number, size: number): number {
    return asRead(offset === INDEX_PORT ? 0xff : this.#readRegister(this.#index[0]! & INDEX_MASK), size);
  }

  write(offset: number, _size: number, value: number): void {
    const byte = value & 0xff;
    if (offset === INDEX_PORT) this.#index[0] = byte & INDEX_MASK;
    else this.#writeRegister(this.#index[0]! & INDEX_MASK, byte);
  }

  #readRegister(index: number): number {
    if (isTimeRegister(index) && !this.#isBeingSet()) this.#show();
    return this.#cmos[index]!;
  }

  #writeRegister(index: number, byte: number): void {
    if (isTimeRegister(index)) this.#writeTime(index, byte);
    else if (index === Register.A) this.#cmos[index] = byte & ~A.UIP;
    else if (index === Register.B) this.#writeB(byte);
    else if (index !== Register.C && index !== Register.D) this.#cmos[index] = byte;
  }

  #writeTime(index: number, byte: number): void {
    if (this.#isBeingSet()) {
      this.#cmos[index] = byte;
      return;
    }
    this.#show();
    this.#cmos[index] = byte;
    this.#ahead[0] = readTime(this.#cmos, this.#cmos[Register.B]!) - this.#now();
  }

  /** The time stands from SET's rising on, so that field by field it can pass through dates that do not exist. */
  #writeB(byte: number): void {
    const wasBeingSet = this.#isBeingSet();
    if (!wasBeingSet) this.#show();
    this.#cmos[Register.B] = byte;
    if (!wasBeingSet || this.#isBeingSet()) return;
    this.#ahead[0] = readTime(this.#cmos, byte) + FIRST_TICK_MS - this.#now();
  }

  #isBeingSet(): boolean {
    return (this.#cmos[Register.B]! & B.SET) !== 0;
  }

  #show(): void {
    showTime(this.#cmos, this.#now() + this.#ahead[0]!, this.#cmos[Register.B]!);
  }
}
