import { monotonicNs } from "../../../ffi/clock.ts";
import type { VirtioBackend } from "../../devices/virtio/backend.ts";
import { sizeBytes, type TerminalSize } from "../../devices/virtio/console/config.ts";
import type { ConsoleDevice } from "../../devices/virtio/console/device.ts";
import type { ConsolePort } from "../../devices/virtio/console/port.ts";
import { STDIO_PORTS } from "../../devices/virtio/console/stdio.ts";
import type { ConsoleEnd } from "./end.ts";
import type { ByteSink, InputMode } from "./input.ts";
import type { Flushed } from "./output.ts";
import { PatientSink } from "./patient-sink.ts";
import type { SerialEnd } from "./serial-end.ts";
import type { ConsoleWriter } from "./writer.ts";

/**
 * The virtio console as the console. The kernel's messages come by the serial port until its driver is there
 * (`earlycon`), so what that prints goes to stdout too.
 *
 * Piped stdin and stdout of volt's own init have ports of their own: fast, exact, and with an end of file.
 */
export class VirtioEnd implements ConsoleEnd {
  readonly inputMode: InputMode;
  readonly input: ByteSink;
  readonly #device: ConsoleDevice;
  readonly #backend: VirtioBackend;
  readonly #early: SerialEnd;
  readonly #console: PatientSink;
  /** Where stdin goes: the console, or a port for it alone. */
  readonly #stdin: ConsolePort;
  /** The port for stdout alone, if there is one. */
  readonly #stdout: ConsolePort | undefined;

  /** @param early the serial port's side */
  constructor(
    device: ConsoleDevice,
    backend: VirtioBackend,
    early: SerialEnd,
    inputMode: InputMode,
    writer: ConsoleWriter,
  ) {
    this.#device = device;
    this.#backend = backend;
    this.#early = early;
    this.#console = new PatientSink(writer, () => monotonicNs() / 1e6);
    const [console] = device.ports;
    const stdin = device.port(STDIO_PORTS.input);
    this.#stdin = stdin ?? console!;
    this.#stdout = device.port(STDIO_PORTS.output);
    this.inputMode = stdin && inputMode !== "terminal" ? "stream" : inputMode;
    device.sendTo(console!, this.#console);
    if (this.#stdout) device.sendTo(this.#stdout, writer);
    this.input = { feed: (bytes) => this.#feed(bytes), end: () => this.#setOpen(this.#stdin, false) };
  }

  get dropped(): number {
    return this.#early.dropped + this.#console.dropped;
  }

  /** Kicks have moved what they could: here it goes on after stdout was full, or a turn was over. */
  flush(): Flushed {
    let flushed = this.#early.flush();
    for (const port of this.#device.ports) {
      if (port.drained !== "empty") this.#backend.kick(this.#device.transmitQueue(port));
      if (port.drained === "blocked" || flushed === "empty") flushed = port.drained;
    }
    this.#acknowledgeEnd();
    return flushed;
  }

  /** What the guest printed last may have come with a kick that nobody saw. */
  finish(): void {
    for (const port of this.#device.ports) this.#backend.kick(this.#device.transmitQueue(port));
  }

  rest(): number {
    const isBlocked = this.#device.ports[0]!.drained === "blocked";
    return Math.min(this.#early.rest(), isBlocked ? this.#console.patience() : Number.POSITIVE_INFINITY);
  }

  resize(size: TerminalSize): void {
    this.#backend.changeConfig(0, sizeBytes(size));
    this.#backend.run(() => this.#device.resize(size));
  }

  #feed(bytes: Uint8Array): number {
    // A terminal that nobody has set up yet echoes what it gets; a port of its own is open only when init reads it.
    if (this.#stdin.name === undefined && this.#early.isHeld) return 0;
    let fed = 0;
    this.#backend.run(() => {
      fed = this.#stdin.feed(bytes);
    });
    return fed;
  }

  /**
   * volt's init closes its standard input when it has printed all, and waits until its standard output is closed in return:
   * then all has been taken, and the machine may go down.
   */
  #acknowledgeEnd(): void {
    const stdout = this.#stdout;
    if (!stdout) return;
    const isLast = this.#stdin.wasClosed;
    // The kick of what was printed last may be still to come.
    if (isLast && stdout.isHostOpen) this.#backend.kick(this.#device.transmitQueue(stdout));
    this.#setOpen(stdout, !(isLast && stdout.drained === "empty"));
  }

  #setOpen(port: ConsolePort, isOpen: boolean): void {
    if (port.isHostOpen !== isOpen) this.#backend.run(() => this.#device.setHostOpen(port, isOpen));
  }
}
