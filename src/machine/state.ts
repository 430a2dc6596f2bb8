/** What the machine as a whole is doing, as 32-bit words in the shared block. */
import type { Runner } from "../cpu/kick.ts";
import type { GuestEnd, MachineEvents } from "../devices/device.ts";

/** Most vCPUs a machine has. */
export const MAX_VCPUS = 32;

/** How a machine's life ends: the low byte of the word `end`; a signal's number is above it. */
export const End = {
  /** It has not. */
  none: 0,
  poweroff: 1,
  reset: 2,
  /** The guest's kernel panicked and said so. */
  panic: 3,
  tripleFault: 4,
  /** KVM came back with something that can't be served; the thread has logged what. */
  failure: 5,
  /** volt was ended by a signal: `endSignal` says which. */
  signal: 6,
} as const;
export type EndCode = (typeof End)[keyof typeof End];

const WORD = { end: 0, exitStatus: 1, rawTerminal: 2, pause: 3, missedLogLines: 4, vcpus: 16 } as const;
/** Words a vCPU: its thread's id (0 until it runs), the kvm_run address as two halves, the pause it is in. */
const VCPU_WORDS = 4;
const PAUSED_IN = 3;

export class MachineState implements MachineEvents {
  readonly #words: Int32Array;
  readonly #onEnd: () => void;

  /** @param onEnd called once, by the thread that ended it */
  constructor(memory: ArrayBuffer, onEnd: () => void = () => {}) {
    this.#words = new Int32Array(memory);
    this.#onEnd = onEnd;
  }

  /** How it ended. Read by every vCPU after every exit: one load. */
  get endCode(): EndCode {
    return (Atomics.load(this.#words, WORD.end) & 0xff) as EndCode;
  }

  get hasEnded(): boolean {
    return this.endCode !== End.none;
  }

  get endSignal(): number {
    return Atomics.load(this.#words, WORD.end) >> 8;
  }

  /** The first end counts. @returns whether this was it */
  finish(code: EndCode, signal = 0): boolean {
    if (Atomics.compareExchange(this.#words, WORD.end, End.none, code | (signal << 8)) !== End.none) return false;
    this.#onEnd();
    return true;
  }

  end(how: GuestEnd): void {
    this.finish(End[how]);
  }

  exitStatus(status: number): void {
    Atomics.store(this.#words, WORD.exitStatus, status);
  }

  get guestStatus(): number {
    return Atomics.load(this.#words, WORD.exitStatus);
  }

  /** Whether the log shares a terminal in raw mode. */
  get rawTerminal(): boolean {
    return Atomics.load(this.#words, WORD.rawTerminal) !== 0;
  }
  set rawTerminal(raw: boolean) {
    Atomics.store(this.#words, WORD.rawTerminal, raw ? 1 : 0);
  }

  /** Log lines that were lost, in whatever thread. */
  get missedLogLines(): number {
    return Atomics.load(this.#words, WORD.missedLogLines);
  }
  countMissedLogLine(): void {
    Atomics.add(this.#words, WORD.missedLogLines, 1);
  }

  /** The number of the pause that is on, 0 while the machine runs. */
  get pause(): number {
    return Atomics.load(this.#words, WORD.pause);
  }
  set pause(number: number) {
    Atomics.store(this.#words, WORD.pause, number);
  }

  /** Whether a vCPU should leave its loop, to end or to pause. Asked after every exit: two loads of one cache line. */
  get wantsOut(): boolean {
    return Atomics.load(this.#words, WORD.end) !== End.none || Atomics.load(this.#words, WORD.pause) !== 0;
  }

  /** The pause a vCPU stands still in. */
  pausedIn(vcpu: number): number {
    return Atomics.load(this.#words, WORD.vcpus + vcpu * VCPU_WORDS + PAUSED_IN);
  }
  /** A vCPU's thread says that it stands still. */
  setPausedIn(vcpu: number, pause: number): void {
    Atomics.store(this.#words, WORD.vcpus + vcpu * VCPU_WORDS + PAUSED_IN, pause);
  }

  /** A vCPU's thread says where to kick it. */
  enlist(vcpu: number, threadId: number, runAddress: number): void {
    const at = WORD.vcpus + vcpu * VCPU_WORDS;
    Atomics.store(this.#words, at + 1, runAddress | 0);
    Atomics.store(this.#words, at + 2, Math.floor(runAddress / 0x1_0000_0000));
    Atomics.store(this.#words, at, threadId);
  }

  /** The thread that runs a vCPU and its kvm_run, or undefined before it runs. */
  runner(vcpu: number): Runner | undefined {
    const at = WORD.vcpus + vcpu * VCPU_WORDS;
    const threadId = Atomics.load(this.#words, at);
    if (threadId === 0) return undefined;
    const low = Atomics.load(this.#words, at + 1) >>> 0;
    return { threadId, runAddress: Atomics.load(this.#words, at + 2) * 0x1_0000_0000 + low };
  }
}
