/** What goes on, on stderr: one line that changes on a terminal, a line a step elsewhere. */
import { isTerminal } from "../../../ffi/terminal.ts";
import { print } from "../failure.ts";
import { bytes } from "./command.ts";

const STDERR = 2;
/** A terminal's line is rewritten this often at most. */
const PACE_MS = 200;
const BAR = 30;

export class Progress implements Disposable {
  readonly #live = isTerminal(STDERR);
  readonly #start = Date.now();
  #last = 0;

  /** A new step. */
  say(text: string): void {
    this.#write(text, true);
  }

  /** How far a download is. */
  downloaded({ done, total }: { readonly done: number; readonly total: number | undefined }): void {
    if (total === undefined) this.#write(`downloading ${bytes(done)}`, false);
    else this.#write(`downloading ${bar(done / total)} ${bytes(done)} of ${bytes(total)}`, false);
  }

  /** How far a build is. @param total about how many there will be */
  compiled(count: number, total: number): void {
    const seconds = Math.round((Date.now() - this.#start) / 1000);
    this.#write(`compiling ${bar(count / total)} ${count} files, ${seconds} s`, false);
  }

  /** Takes the line away: a result does not stick to it. */
  end(): void {
    if (this.#live) print(STDERR, "\r\x1b[K");
  }

  [Symbol.dispose](): void {
    this.end();
  }

  #write(text: string, always: boolean): void {
    if (!this.#live) {
      if (always) print(STDERR, `${text}\n`);
      return;
    }
    const now = Date.now();
    if (!always && now - this.#last < PACE_MS) return;
    this.#last = now;
    print(STDERR, `\r\x1b[K${text}`);
  }
}

function bar(part: number): string {
  const full = Math.round(Math.min(1, part) * BAR);
  return `[${"#".repeat(full)}${".".repeat(BAR - full)}]`;
}
