/**
 * All vCPUs stand still, and go on: one operation each.
 *
 * The main thread numbers the pause and kicks every vCPU; each finishes the access it is in, tells the guest's clock that
 * it was stopped, and waits in a read of its eventfd. Interrupts, timers and messages between processors stay pending in
 * KVM meanwhile: none is lost.
 */
import { monotonicNs } from "../../../ffi/clock.ts";
import { EventFd } from "../../../ffi/eventfd.ts";
import { isReady, POLL } from "../../../ffi/poll.ts";
import { kick } from "../../cpu/kick.ts";
import type { LoopEnd, VcpuLoop } from "../../cpu/loop.ts";
import type { MachineState } from "../state.ts";

/** A vCPU that is not back in this time is stuck in the kernel; with many to a CPU of the host each needs its turn. */
const LIMIT_NS = 5e9;
/** How long to wait before one that did not answer is kicked again. */
const AGAIN_MS = 100;
const MOST_PAUSES = 2 ** 31 - 1;

/** The main thread's side. */
export class VcpuPause {
  readonly #state: MachineState;
  readonly #go: readonly EventFd[];
  readonly #paused: EventFd;
  #count = 0;

  /**
   * @param go an eventfd a vCPU, in their order: it waits there
   * @param paused the eventfd they signal as they stop
   */
  constructor(state: MachineState, go: readonly EventFd[], paused: number) {
    this.#state = state;
    this.#go = go;
    this.#paused = EventFd.attach(paused, "paused");
  }

  get isPaused(): boolean {
    return this.#state.pause !== 0;
  }

  /**
   * Returns when every vCPU stands still outside the guest, each with its last access done. On an idle host that is a
   * wake-up each; the caller's thread waits. Does nothing when they do already.
   * @throws Error when one does not stop within 5 s: then all of them run on
   */
  pause(): void {
    if (this.isPaused) return;
    this.#count = (this.#count % MOST_PAUSES) + 1;
    this.#state.pause = this.#count;
    const deadline = monotonicNs() + LIMIT_NS;
    for (let moving = this.#moving(); moving.length > 0; moving = this.#moving()) {
      if (monotonicNs() > deadline) {
        this.resume();
        throw new Error(`vCPU ${moving.join(", ")} did not stop in ${LIMIT_NS / 1e9} s: the machine runs on`);
      }
      for (const vcpu of moving) this.kick(vcpu);
      // Each signal is one vCPU's; as long as they keep coming, nobody needs another kick.
      while (isReady(this.#paused.number, POLL.IN, AGAIN_MS) && this.#moving().length > 0) this.#paused.take();
    }
    this.#paused.take();
  }

  /** Lets them go on. Does nothing when they do already. */
  resume(): void {
    this.#state.pause = 0;
    for (const go of this.#go) go.signal();
  }

  /** The vCPUs that have not stopped yet. A machine that has ended stands still as it is. */
  #moving(): number[] {
    if (this.#state.hasEnded) return [];
    return this.#go.map((_, vcpu) => vcpu).filter((vcpu) => this.#state.pausedIn(vcpu) !== this.#count);
  }

  /** Has a vCPU look at the state. One whose thread is not there yet looks before it enters the guest. */
  kick(vcpu: number): void {
    const runner = this.#state.runner(vcpu);
    if (runner) kick(runner);
  }
}

/** What a vCPU's thread has at hand when it is to stand still. */
export interface PausingVcpu {
  readonly id: number;
  readonly loop: VcpuLoop;
  readonly state: MachineState;
  /** Where it waits to go on, and what it signals first. */
  readonly go: EventFd;
  readonly paused: EventFd;
  /** KVM_KVMCLOCK_CTRL: without it the guest's watchdog would take the pause for a lock-up. */
  noteStopped(): void;
}

/** A vCPU's side: runs it, through any pauses, until the machine ends. */
export function runThroughPauses(vcpu: PausingVcpu): LoopEnd {
  let end = vcpu.loop.run();
  while (end === "stopped" && !vcpu.state.hasEnded) {
    end = standStill(vcpu);
    if (end === "stopped") end = vcpu.loop.run();
  }
  return end;
}

/** @returns what finishing its last access came to: "stopped", if nothing */
function standStill({ id, loop, state, go, paused, noteStopped }: PausingVcpu): LoopEnd {
  const end = loop.settle();
  if (end !== "stopped") return end;
  noteStopped();
  for (let pause = state.pause; pause !== 0 && !state.hasEnded; pause = state.pause) {
    state.setPausedIn(id, pause);
    paused.signal();
    // A signal that is left from before wakes it once too often: it looks again.
    while (state.pause === pause && !state.hasEnded) go.take();
  }
  return "stopped";
}
