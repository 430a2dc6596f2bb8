/** From how a machine ended to volt's exit status. */
import { End, type EndCode } from "./state.ts";

/** The guest's kernel panicked, or the processor gave up (triple fault). */
export const EXIT_GUEST_CRASHED = 124;
/** volt itself failed: arguments, configuration, host, kernel. */
export const EXIT_VOLT_FAILED = 125;
/** Plus a signal's number. */
export const EXIT_SIGNAL_BASE = 128;

/** @param guestStatus the byte the guest wrote to port 0x501, 0 for none */
export function exitCode(end: EndCode, guestStatus: number, signal: number): number {
  switch (end) {
    case End.panic:
    case End.tripleFault:
      return EXIT_GUEST_CRASHED;
    case End.failure:
      return EXIT_VOLT_FAILED;
    case End.signal:
      return EXIT_SIGNAL_BASE + signal;
    default:
      return guestStatus;
  }
}
