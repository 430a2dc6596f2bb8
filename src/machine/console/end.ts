import type { ByteSink, InputMode } from "./input.ts";
import type { Flushed } from "./output.ts";

/** The guest's end of the console: the device that stdin and stdout are connected to. */
export interface ConsoleEnd {
  readonly input: ByteSink;
  readonly inputMode: InputMode;
  /** Output bytes that were thrown away because stdout took them too slowly. */
  readonly dropped: number;

  /** Moves output to stdout, as far as that takes it. */
  flush(): Flushed;

  /**
   * Does what time alone asks for; called when all was moved that could be.
   * @returns milliseconds after which to call again; Infinity when a wake or a descriptor will tell
   */
  rest(): number;

  /** The guest has ended: makes sure that the next `flush` finds all it printed. */
  finish?(): void;

  /** The user's terminal has another size. */
  resize?(size: { readonly columns: number; readonly rows: number }): void;
}
