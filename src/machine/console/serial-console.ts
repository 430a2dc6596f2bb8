/** The serial port's console: what connects its two rings to stdin and stdout. */
import { monotonicNs } from "../../../ffi/clock.ts";
import { EPOLL, type Epoll } from "../../../ffi/epoll.ts";
import { SerialBackend } from "../../devices/serial/backend.ts";
import { line } from "../lines.ts";
import type { MachineParts } from "../parts.ts";
import { type EscapeAction, EscapeFilter } from "./escape.ts";
import { ConsoleInput, type InputMode } from "./input.ts";
import { ConsoleOutput } from "./output.ts";
import { ConsoleStream } from "./stream.ts";

/**
 * After output came, look again so soon instead of waiting to be woken: the first byte of a burst goes out at once, the
 * rest in batches, and only a burst's first byte costs the guest a system call.
 */
const BATCH_MS = 2;
/** A reader that is slow at the very end gets this long to take what is left. */
const FINISH_MS = 1000;

export class SerialConsole {
  readonly #parts: MachineParts;
  readonly #backend: SerialBackend;
  readonly #stdin: ConsoleStream;
  readonly #stdout: ConsoleStream;
  readonly #input: ConsoleInput;
  readonly #output: ConsoleOutput;
  #epoll: Epoll | undefined;
  #tokens = { stdin: 0, stdout: 0 };
  /** stdin is a file or /dev/null: nothing tells when it is ready, since it always is. */
  #alwaysReady = false;
  #watching = { stdin: false, stdout: false };

  constructor(parts: MachineParts, onEscape: (action: EscapeAction) => void) {
    const { plan, block, lines } = parts;
    this.#parts = parts;
    this.#backend = new SerialBackend(block.part("serial"), line(lines.serial), () => monotonicNs() / 1e6);
    this.#stdin = new ConsoleStream(plan.stdin, "stdin");
    this.#stdout = new ConsoleStream(plan.stdout, "stdout");
    const filter = new EscapeFilter(onEscape);
    this.#input = new ConsoleInput(this.#stdin, this.#backend, this.#mode(), (bytes) => filter.filter(bytes));
    this.#output = new ConsoleOutput(this.#backend, this.#stdout);
  }

  /** Says which epoll tells of stdin and stdout, and by which tokens. */
  watch(epoll: Epoll, stdin: number, stdout: number): void {
    this.#epoll = epoll;
    this.#tokens = { stdin, stdout };
  }

  /**
   * Moves what can be moved, both ways.
   * @returns milliseconds after which to call again; Infinity when a wake or a descriptor will tell
   */
  work(): number {
    const before = this.#output.taken;
    const flushed = this.#output.flush();
    const took = this.#output.taken !== before;
    if (took) this.#parts.timeline.mark("first console byte");
    this.#watch("stdout", flushed === "blocked");

    // What was read and not yet taken goes on first; then stdin is watched, or, where nothing tells, just tried.
    if (!this.#input.wantsMore) this.#input.pump();
    this.#watch("stdin", this.#input.wantsMore);
    if (this.#alwaysReady) this.#input.pump();
    const untilInput = this.#backend.pump();

    if (flushed === "blocked") return untilInput;
    if (took) return Math.min(untilInput, BATCH_MS);
    return this.#backend.sleep() ? untilInput : 0;
  }

  inputReady(): void {
    this.#input.pump();
  }

  outputReady(): void {
    this.#watch("stdout", false);
  }

  /** Last words: what the guest wrote before it went down, for as long as somebody takes it. */
  finish(): void {
    const until = monotonicNs() + FINISH_MS * 1e6;
    while (this.#output.flush() === "blocked" && monotonicNs() < until) {
      this.#watch("stdout", true);
      this.#epoll?.wait(1);
    }
    const { dropped } = this.#backend;
    if (dropped > 0) this.#parts.log.warn(`${dropped} bytes of kernel messages were lost: stdout took them too slowly`);
  }

  #mode(): InputMode {
    if (this.#stdin.isTerminal) return "terminal";
    return this.#parts.framesInput ? "framed" : "plain";
  }

  #watch(which: "stdin" | "stdout", wanted: boolean): void {
    if (this.#watching[which] === wanted) return;
    this.#watching[which] = wanted;
    const fd = which === "stdin" ? this.#stdin.fd.number : this.#stdout.fd.number;
    if (!wanted) this.#epoll?.remove(fd);
    else if (this.#epoll?.add(fd, which === "stdin" ? EPOLL.IN : EPOLL.OUT, this.#tokens[which]) === false) {
      // Only stdin comes here: a regular file or /dev/null never makes a writer wait.
      this.#alwaysReady = true;
    }
  }
}
