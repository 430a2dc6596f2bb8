import { monotonicNs } from "../../../ffi/clock.ts";
import { SerialBackend } from "../../devices/serial/backend.ts";
import { GSI } from "../layout.ts";
import type { MachineParts } from "../parts.ts";
import type { ConsoleEnd } from "./end.ts";
import type { ByteSink, InputMode } from "./input.ts";
import { type Flushed, flush } from "./output.ts";
import type { ConsoleWriter } from "./writer.ts";

/**
 * After output came, look again so soon instead of waiting to be woken: the first byte of a burst goes out at once, the
 * rest in batches, and only a burst's first byte costs the guest a system call.
 */
const BATCH_MS = 2;

/** The serial port as the console. */
export class SerialEnd implements ConsoleEnd {
  readonly inputMode: InputMode;
  readonly #backend: SerialBackend;
  readonly #writer: ConsoleWriter;
  #flushed: Flushed = "empty";
  #took = false;

  constructor(
    { block, interrupts }: Pick<MachineParts, "block" | "interrupts">,
    inputMode: InputMode,
    writer: ConsoleWriter,
  ) {
    this.#backend = new SerialBackend(block.part("serial"), interrupts.line(GSI.serial), () => monotonicNs() / 1e6);
    this.inputMode = inputMode;
    this.#writer = writer;
  }

  get input(): ByteSink {
    return this.#backend;
  }

  get dropped(): number {
    return this.#backend.dropped;
  }

  /** Whether the guest has yet to say that it is ready for input. */
  get isHeld(): boolean {
    return this.#backend.isHeld;
  }

  flush(): Flushed {
    const before = this.#writer.taken;
    this.#flushed = flush(this.#backend, this.#writer);
    this.#took = this.#writer.taken !== before;
    return this.#flushed;
  }

  rest(): number {
    const untilInput = this.#backend.pump();
    if (this.#flushed === "blocked") return untilInput;
    if (this.#took) return Math.min(untilInput, BATCH_MS);
    return this.#backend.sleep() ? untilInput : 0;
  }
}
