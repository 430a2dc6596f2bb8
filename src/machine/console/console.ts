/** The console: stdin and stdout, and the guest's end that they are connected to. */
import { monotonicNs } from "../../../ffi/clock.ts";
import { EPOLL, type Epoll } from "../../../ffi/epoll.ts";
import { windowSize } from "../../../ffi/terminal.ts";
import { awaitsReader } from "../../config/user-land.ts";
import { ConsoleDevice } from "../../devices/virtio/console/device.ts";
import type { MachineParts } from "../parts.ts";
import type { VirtioIo } from "../virtio/io.ts";
import type { ConsoleEnd } from "./end.ts";
import { type EscapeAction, EscapeFilter } from "./escape.ts";
import { ConsoleHub } from "./hub.ts";
import { ConsoleInput, type InputMode } from "./input.ts";
import { LossyStream } from "./lossy.ts";
import { SerialEnd } from "./serial-end.ts";
import { ConsoleStream } from "./stream.ts";
import { VirtioEnd } from "./virtio-end.ts";
import { ConsoleWriter } from "./writer.ts";

/** A reader that is slow at the very end gets this long to take what is left. */
const FINISH_MS = 1000;

export class Console {
  readonly #parts: MachineParts;
  readonly #stdin: ConsoleStream;
  readonly #stdout: ConsoleStream;
  readonly #writer: ConsoleWriter;
  readonly #end: ConsoleEnd;
  readonly #input: ConsoleInput;
  /** Clients of the API. */
  readonly hub = new ConsoleHub((bytes) => this.#input.type(bytes));
  #epoll: Epoll | undefined;
  #tokens = { stdin: 0, stdout: 0 };
  /** stdin is a file or /dev/null: nothing tells when it is ready, since it always is. */
  #alwaysReady = false;
  #watching = { stdin: false, stdout: false };
  #hasOutput = false;

  constructor(parts: MachineParts, virtio: VirtioIo, onEscape: (action: EscapeAction) => void) {
    this.#parts = parts;
    this.#stdin = new ConsoleStream(parts.plan.stdin, "stdin");
    this.#stdout = new ConsoleStream(parts.plan.stdout, "stdout");
    const { stdout } = parts.plan;
    const output =
      stdout.loses || stdout.limit
        ? new LossyStream(this.#stdout, stdout, parts.counts.lostConsoleBytes, monotonicNs)
        : this.#stdout;
    this.#writer = new ConsoleWriter(output, (bytes) => this.hub.print(bytes));
    this.#end = this.#connect(virtio);
    const filter = new EscapeFilter(onEscape);
    this.#input = new ConsoleInput(this.#stdin, this.#end.input, this.#end.inputMode, (bytes) => filter.filter(bytes));
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
    const flushed = this.#end.flush();
    if (!this.#hasOutput && this.#writer.taken > 0) {
      this.#hasOutput = true;
      this.#parts.timeline.mark("first console byte");
    }
    this.#watch("stdout", flushed === "blocked");

    // What was read and not yet taken goes on first; then stdin is watched, or, where nothing tells, just tried.
    if (!this.#input.wantsMore) this.#input.pump();
    this.hub.pump();
    this.#watch("stdin", this.#input.wantsMore);
    const hasMore = this.#alwaysReady && this.#input.pump();
    const rest = this.#end.rest();
    return hasMore ? 0 : rest;
  }

  inputReady(): void {
    this.#input.pump();
  }

  outputReady(): void {
    this.#watch("stdout", false);
  }

  /** The user's terminal may have another size. */
  resize(size = windowSize(this.#stdin.fd.number) ?? windowSize(this.#stdout.fd.number)): void {
    if (size) this.#end.resize?.(size);
  }

  /** Last words: what the guest wrote before it went down, for as long as somebody takes it. */
  finish(): void {
    const until = monotonicNs() + FINISH_MS * 1e6;
    this.#end.finish?.();
    for (let rest = this.#end.flush(); rest !== "empty" && monotonicNs() < until; rest = this.#end.flush()) {
      this.#watch("stdout", rest === "blocked");
      if (rest === "blocked") this.#epoll?.wait(1);
    }
    const { dropped } = this.#end;
    if (dropped > 0) this.#parts.log.warn(`${dropped} bytes of kernel messages were lost: stdout took them too slowly`);
  }

  #connect(virtio: VirtioIo): ConsoleEnd {
    const mode = this.#mode();
    const serial = new SerialEnd(this.#parts, mode, this.#writer);
    const device = this.#parts.devices.find((one) => one instanceof ConsoleDevice);
    const backend = device && virtio.backendOf(device);
    return backend ? new VirtioEnd(device, backend, serial, mode, this.#writer) : serial;
  }

  #mode(): InputMode {
    if (this.#stdin.isTerminal || awaitsReader(this.#parts.plan.config)) return "terminal";
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
