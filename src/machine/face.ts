/** Who volt is to those who started it: itself, or a program it stands in for. The machine behind is the same. */
import type { ControlService, MachineControl } from "./control.ts";
import { exitCode } from "./exit-code.ts";
import { HANDLED_SIGNALS, SIGNALS, type SignalMeaning } from "./signals.ts";
import type { EndCode } from "./state.ts";

export interface Face {
  /** Signals that are taken as data; the others do what they do to every program. */
  readonly signals: readonly number[];
  meaning(signal: number): SignalMeaning | undefined;
  /** @param guestStatus the byte the guest wrote to port 0x501, 0 for none */
  exitCode(end: EndCode, guestStatus: number, signal: number): number;
  /** The start failed in the second stage: whoever waits for it is told. */
  failed(problem: string): void;
  /** Its control API; undefined where there is none. */
  readonly serve: ((control: MachineControl) => ControlService) | undefined;
}

/** volt itself. */
export function ownFace(serve: Face["serve"]): Face {
  return { signals: HANDLED_SIGNALS, meaning: (signal) => SIGNALS.get(signal), exitCode, failed() {}, serve };
}
