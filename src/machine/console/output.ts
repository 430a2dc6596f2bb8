/** The guest's console on its way to stdout. A reader that is slow or gone costs nobody anything. */
import type { ConsoleWriter } from "./writer.ts";

/** Where console bytes come from: a device's transmit ring. */
export interface ByteSupply {
  /** What waits, as far as it lies in one piece; empty when there is nothing. */
  readable(): Uint8Array;
  /** The first `count` of them are done with. */
  consume(count: number): void;
}

/** What became of a `flush`. */
export type Flushed =
  /** Nothing waits any more. */
  | "empty"
  /** stdout takes no more for now. */
  | "blocked"
  /** There is more, for another time. */
  | "more";

/** Moves what waits, until all is out or stdout would make us wait. */
export function flush(supply: ByteSupply, writer: ConsoleWriter): Flushed {
  for (let bytes = supply.readable(); bytes.length > 0; bytes = supply.readable()) {
    const count = writer.write(bytes);
    if (count === 0) return "blocked";
    supply.consume(count);
  }
  return "empty";
}
