/** Firecracker's exit codes. */
import { Signal } from "../../ffi/signal.ts";
import { End, type EndCode } from "../machine/state.ts";

export const Exit = {
  ok: 0,
  failure: 1,
  /** Of a system call that the sandbox forbids. */
  sigsys: 148,
  sigxfsz: 151,
  badConfiguration: 152,
  badArguments: 153,
  sigxcpu: 154,
  sighup: 156,
} as const;

/** Signals that Firecracker takes itself, and what it ends with. All others do what they do to every program. */
export const SIGNAL_EXITS: ReadonlyMap<number, number> = new Map([
  [Signal.SIGHUP, Exit.sighup],
  [Signal.SIGXCPU, Exit.sigxcpu],
  [Signal.SIGXFSZ, Exit.sigxfsz],
]);

/** A guest that goes down has always done well; what it wrote to volt's exit port is nothing that Firecracker has. */
export function firecrackerExitCode(end: EndCode, signal: number): number {
  switch (end) {
    case End.tripleFault:
    case End.failure:
      return Exit.failure;
    case End.signal:
      return SIGNAL_EXITS.get(signal) ?? Exit.failure;
    default:
      // A kernel that panics reboots, which is how a guest ends there.
      return Exit.ok;
  }
}
