/** Who volt is to those who started it: itself, or a program it stands in for. The machine behind is the same. */
import type { Rule } from "../security/seccomp/rule.ts";
import type { ControlService, MachineControl } from "./control.ts";
import { exitCode } from "./exit-code.ts";
import { HANDLED_SIGNALS, SIGNALS, type SignalMeaning } from "./signals.ts";
import type { EndCode } from "./state.ts";

export interface Face {
  /** Names of its threads: the main one, and a vCPU's without its number. */
  readonly threads: { readonly main: string; readonly vcpu: string };
  /** Signals that are taken as data; the others do what they do to every program. */
  readonly signals: readonly number[];
  meaning(signal: number): SignalMeaning | undefined;
  /** @param guestStatus the byte the guest wrote to port 0x501, 0 for none */
  exitCode(end: EndCode, guestStatus: number, signal: number): number;
  /** What the kernel has to allow for it while the guest runs. */
  readonly rules?: readonly Rule[];
  /** What a system call that the sandbox forbids ends volt with; 128 + SIGSYS without one. */
  readonly forbiddenCallStatus?: number;
  /** A signal came that means "note". */
  noted?(signal: number): void;
  /** The guest has said that its user space runs, for the first time. @param atNs when, by the monotonic clock */
  booted?(atNs: number): void;
  /** The vCPUs run. */
  started?(): void;
  /** The main loop has had a turn. */
  turned?(): void;
  /** The machine has ended, and volt is about to: the last thing it does. */
  ending?(status: number): void;
  /** The start failed in the second stage: whoever waits for it is told. */
  failed(problem: string): void;
  /** Its control API; undefined where there is none. */
  readonly serve: ((control: MachineControl) => ControlService) | undefined;
}

/** volt itself. @param more what this start adds: its API, and who waits for it */
export function ownFace(more: Pick<Face, "serve"> & Partial<Face>): Face {
  return {
    threads: { main: "volt", vcpu: "vcpu" },
    signals: HANDLED_SIGNALS,
    meaning: (signal) => SIGNALS.get(signal),
    exitCode,
    failed() {},
    ...more,
  };
}
