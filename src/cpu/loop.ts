/**
 * The vCPU loop: KVM_RUN, look why it came back, serve it, again. The hot path of volt: one switch, nothing allocated,
 * nothing awaited.
 */
import { Errno } from "../../ffi/error.ts";
import { Exit } from "../../ffi/kvm/exits.ts";
import type { Vcpu } from "../../ffi/kvm/vcpu.ts";
import type { MmioBus, PortBus } from "../devices/bus.ts";
import { ExitCounters, ExitKind } from "./exit-counters.ts";

/** What the loop needs to know of the machine. */
export interface LoopControl {
  /** Whether the loop should return. Asked after every exit and every kick. */
  readonly stopped: boolean;
  /**
   * A device threw. Guest input must not end the VM by a mistake of ours: the access is dropped, and the loop goes on.
   * A guest may repeat it as often as it likes.
   */
  deviceFault(error: unknown): void;
}

/** Why a loop returned. */
export type LoopEnd =
  /** `stopped` said so. */
  | "stopped"
  /** Triple fault, or what the processor does instead. */
  | "triple fault"
  /** KVM says the guest asked for power-off or reset by a hypercall. */
  | "shutdown event"
  /** An exit that can't be served: see `describeExit`. */
  | "failure";

export class VcpuLoop {
  readonly #vcpu: Vcpu;
  readonly #ports: PortBus;
  readonly #mmio: MmioBus;
  readonly #control: LoopControl;
  /** Exits so far. */
  readonly exits: ExitCounters;
  /** errno of a KVM_RUN that failed, else 0. */
  error = 0;

  constructor(vcpu: Vcpu, ports: PortBus, mmio: MmioBus, control: LoopControl, exits = ExitCounters.alone()) {
    this.#vcpu = vcpu;
    this.#ports = ports;
    this.#mmio = mmio;
    this.#control = control;
    this.exits = exits;
  }

  run(): LoopEnd {
    const vcpu = this.#vcpu;
    const state = vcpu.state;
    const control = this.#control;
    while (!control.stopped) {
      const result = vcpu.run();
      if (result !== 0) {
        if (!this.#isInterruption(result)) return "failure";
        // A kick sets immediate_exit first, so that one which comes just before KVM_RUN is not lost. Clear it before
        // `stopped` is read again: whoever kicks sets its reason before immediate_exit.
        state.immediateExit = false;
        this.exits.countInterruption();
        continue;
      }
      const end = this.#serve(state.exitReason);
      if (end !== undefined) return end;
    }
    return "stopped";
  }

  /**
   * Finishes the access that was under way when `run` returned, without entering the guest: KVM does an instruction's
   * second half (the register of an `in`) only as it is run again. Then the vCPU's state is whole, and may be read.
   * @returns "stopped", unless the access itself ends the machine
   */
  settle(): LoopEnd {
    const vcpu = this.#vcpu;
    const state = vcpu.state;
    for (;;) {
      state.immediateExit = true;
      const result = vcpu.run();
      state.immediateExit = false;
      if (result !== 0) return this.#isInterruption(result) ? "stopped" : "failure";
      // A long string instruction has more to do.
      const end = this.#serve(state.exitReason);
      if (end !== undefined) return end;
    }
  }

  #isInterruption(result: number): boolean {
    if (result === -Errno.EINTR || result === -Errno.EAGAIN) return true;
    this.error = -result;
    this.exits.countFailure();
    return false;
  }

  /** @returns why the loop should return, if it should */
  #serve(reason: number): LoopEnd | undefined {
    switch (reason) {
      case Exit.KVM_EXIT_IO:
        this.#serveBy(this.#ports, this.#vcpu.state.ioIsOut ? ExitKind.IO_OUT : ExitKind.IO_IN);
        return undefined;
      case Exit.KVM_EXIT_MMIO:
        this.#serveBy(this.#mmio, this.#vcpu.state.mmioIsWrite ? ExitKind.MMIO_WRITE : ExitKind.MMIO_READ);
        return undefined;
      case Exit.KVM_EXIT_INTR:
      case Exit.KVM_EXIT_IRQ_WINDOW_OPEN:
        return undefined;
      case Exit.KVM_EXIT_SHUTDOWN:
        return "triple fault";
      case Exit.KVM_EXIT_SYSTEM_EVENT:
        return "shutdown event";
      default:
        this.exits.countFailure();
        return "failure";
    }
  }

  #serveBy(bus: PortBus | MmioBus, kind: ExitKind): void {
    const { exits } = this;
    exits.count(kind);
    const before = exits.isTimed ? Bun.nanoseconds() : 0;
    try {
      bus.serve(this.#vcpu.state);
    } catch (error) {
      exits.countDeviceFault();
      this.#control.deviceFault(error);
    }
    if (exits.isTimed) exits.took(kind, Bun.nanoseconds() - before);
  }
}
