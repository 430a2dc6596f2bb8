/** stdin or stdout that answers as a test says. */
import { Errno } from "../../../../ffi/error.ts";
import type { ConsoleStream } from "../../../../src/machine/console/stream.ts";

/** One answer of a stream: an error, or that many bytes at most. */
export type Answer = "EAGAIN" | "EINTR" | "EPIPE" | "EIO" | number;

const codeOf = (answer: Exclude<Answer, number>) => -Errno[answer];

/** Takes bytes by its script; after that it takes all. */
export class FakeStdout {
  readonly taken: number[] = [];
  calls = 0;
  readonly #script: Answer[];

  constructor(...script: Answer[]) {
    this.#script = script;
  }

  write(bytes: Uint8Array): number {
    this.calls++;
    const answer = this.#script.shift() ?? bytes.length;
    if (typeof answer !== "number") return codeOf(answer);
    const some = bytes.subarray(0, answer);
    this.taken.push(...some);
    return some.length;
  }

  get stream(): ConsoleStream {
    return this as unknown as ConsoleStream;
  }
}

/** Gives texts and errors in their order; then its end, over and over. */
export class FakeStdin {
  calls = 0;
  readonly #script: (string | Exclude<Answer, number>)[];

  /** @param script texts as `text:...`, or errors */
  constructor(...script: (`text:${string}` | Exclude<Answer, number>)[]) {
    this.#script = script;
  }

  read(into: Uint8Array): number {
    this.calls++;
    const answer = this.#script.shift();
    if (answer === undefined) return 0;
    if (!answer.startsWith("text:")) return codeOf(answer as Exclude<Answer, number>);
    const bytes = Buffer.from(answer.slice("text:".length), "latin1");
    if (bytes.length > into.length) throw new Error("the script's texts must fit one read");
    into.set(bytes);
    return bytes.length;
  }

  get stream(): ConsoleStream {
    return this as unknown as ConsoleStream;
  }
}
