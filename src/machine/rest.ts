/** What a main thread that was busy gives back when it rests: garbage, and the pages of code that it has read again. */
import { dropOwnText } from "../../ffi/own-text.ts";

/** So many turns of the loop leave megabytes, which JavaScriptCore would keep until it needs room. */
const BUSY_TURNS = 1000;
/** Without an event for so long, it rests. */
const REST_MS = 1000;

export class Rest {
  readonly #giveBack: () => void;
  #turns = 0;

  constructor(giveBack = collectAndDrop) {
    this.#giveBack = giveBack;
  }

  /** Milliseconds after which a turn without an event is a rest; Infinity while there is nothing to give back. */
  get timeout(): number {
    return this.#turns >= BUSY_TURNS ? REST_MS : Number.POSITIVE_INFINITY;
  }

  /**
   * After each turn.
   * @param events how many it had @param waited the most it would have waited for one, in milliseconds
   */
  turned(events: number, waited: number): void {
    this.#turns++;
    if (events > 0 || waited !== REST_MS || this.#turns < BUSY_TURNS) return;
    this.#turns = 0;
    this.#giveBack();
  }
}

/** Takes some milliseconds, while nobody asks for anything. Code that ran lately stays compiled. */
function collectAndDrop(): void {
  Bun.gc(true);
  dropOwnText();
}
