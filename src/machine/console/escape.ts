/**
 * The way out of a guest's console: Ctrl-] and a letter, like telnet's. Everything else is the guest's.
 */

/** What a user can ask for after Ctrl-]. */
export type EscapeAction = "quit" | "power button" | "detach" | "help";

export const ESCAPE = 0x1d;

const ACTIONS: Readonly<Record<number, EscapeAction>> = {
  113: "quit", // q
  112: "power button", // p
  100: "detach", // d: for who reads along by `volt console`
  63: "help", // ?
  104: "help", // h
};

export const ESCAPE_HELP = [
  "Ctrl-] q       end the VM",
  "Ctrl-] p       press its power button",
  "Ctrl-] Ctrl-]  send Ctrl-] to the guest",
  "Ctrl-] ?       this help",
];

/** Takes escapes out of what is typed. One for a terminal's life: an escape can span two reads. */
export class EscapeFilter {
  readonly #act: (action: EscapeAction) => void;
  #escaped = false;

  constructor(act: (action: EscapeAction) => void) {
    this.#act = act;
  }

  /** What of `typed` goes to the guest: `typed` itself in the usual case that no escape is in it. */
  filter(typed: Uint8Array): Uint8Array {
    if (!this.#escaped && !typed.includes(ESCAPE)) return typed;
    const kept = new Uint8Array(typed.length + 1);
    let length = 0;
    for (const byte of typed) {
      if (!this.#escaped) {
        if (byte === ESCAPE) this.#escaped = true;
        else kept[length++] = byte;
        continue;
      }
      this.#escaped = false;
      const action = ACTIONS[byte];
      if (action) this.#act(action);
      else if (byte === ESCAPE) kept[length++] = byte;
    }
    return kept.subarray(0, length);
  }
}
