/** Which signals volt takes as data, and what each asks for. */
import { KICK_SIGNAL, Signal } from "../../ffi/signal.ts";

/** What a signal means to a running machine. */
export type SignalMeaning =
  /** Ask the guest to go down, and after a while end it. */
  | "shut down"
  /** End at once. */
  | "end"
  /** Nothing but to be told of. */
  | "note"
  /** The shell stops or continues us: give the terminal back, take it again. */
  | "suspend"
  | "continue"
  | "window";

/**
 * Everything whose default would end the process or stop it, so that the terminal is restored on each way out, and so
 * that volt can be PID 1, for which the kernel applies no defaults. SIGPIPE is ignored by Bun; SIGKILL and SIGSTOP are
 * nobody's to handle; crashes (SIGSEGV and its kind) are Bun's, and the terminal's CrashGuard's.
 */
export const SIGNALS: ReadonlyMap<number, SignalMeaning> = new Map<number, SignalMeaning>([
  [Signal.SIGTERM, "shut down"],
  [Signal.SIGINT, "shut down"],
  [Signal.SIGHUP, "end"],
  [Signal.SIGQUIT, "end"],
  [Signal.SIGUSR1, "end"],
  [Signal.SIGUSR2, "end"],
  [Signal.SIGALRM, "end"],
  [Signal.SIGVTALRM, "end"],
  [Signal.SIGPROF, "end"],
  [Signal.SIGXCPU, "end"],
  [Signal.SIGIO, "end"],
  [Signal.SIGSTKFLT, "end"],
  [Signal.SIGTSTP, "suspend"],
  [Signal.SIGTTIN, "suspend"],
  [Signal.SIGTTOU, "suspend"],
  [Signal.SIGCONT, "continue"],
  [Signal.SIGWINCH, "window"],
  ...realTimeSignals().map((signal): [number, SignalMeaning] => [signal, "end"]),
]);

export const HANDLED_SIGNALS: readonly number[] = [...SIGNALS.keys()];

/** All but the two that glibc keeps for itself and the one that kicks vCPUs. */
function realTimeSignals(): number[] {
  const [first, last] = [34, 64];
  const all = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return all.filter((signal) => signal !== KICK_SIGNAL);
}
