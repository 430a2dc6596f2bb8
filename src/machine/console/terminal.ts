/** The user's terminal while a guest has it: raw, and given back on every way out. */
import type { CrashGuard } from "../../../ffi/crash-guard.ts";
import { Fd } from "../../../ffi/fd.ts";
import { stopProcess } from "../../../ffi/process.ts";
import { makeRaw, restore, type TerminalSettings } from "../../../ffi/terminal.ts";
import type { PlannedStream } from "../plan.ts";
import type { MachineState } from "../state.ts";
import { ESCAPE_HELP } from "./escape.ts";

const STDERR = 2;

export class Terminal {
  readonly #stream: PlannedStream;
  readonly #state: MachineState;
  #before: TerminalSettings | undefined;
  readonly #guard: CrashGuard | undefined;

  /** @param guard undefined where stdin is no terminal */
  constructor(stdin: PlannedStream, state: MachineState, guard: CrashGuard | undefined) {
    this.#stream = stdin;
    this.#state = state;
    this.#guard = guard;
  }

  /** Raw mode, if stdin is a terminal. */
  enter(): void {
    if (!this.#stream.isTerminal || this.#before) return;
    this.#before = makeRaw(this.#stream.fd);
    this.#guard?.arm(this.#stream.fd, this.#before);
    this.#state.rawTerminal = true;
  }

  /** As it was before. */
  leave(): void {
    if (!this.#before) return;
    this.#guard?.disarm();
    restore(this.#stream.fd, this.#before);
    this.#before = undefined;
    this.#state.rawTerminal = false;
  }

  /** Ctrl-Z of a shell above us: stops with the terminal as it was, and returns when the shell continues us. */
  suspend(): void {
    this.leave();
    stopProcess();
    this.enter();
  }

  showHelp(): void {
    new Fd(STDERR, "stderr").write(Buffer.from(`\r\n${ESCAPE_HELP.join("\r\n")}\r\n`));
  }
}
