/**
 * The main thread once the VM runs: console, signals, lifecycle. It waits in epoll and never for anything else.
 */
import { monotonicNs } from "../../ffi/clock.ts";
import { EPOLL, Epoll } from "../../ffi/epoll.ts";
import { EventFd } from "../../ffi/eventfd.ts";
import { dropOwnText } from "../../ffi/own-text.ts";
import { exitNow } from "../../ffi/process.ts";
import { Signal, SignalFd, signalName } from "../../ffi/signal.ts";
import { describeCounters } from "../devices/virtio/counters.ts";
import type { Readings } from "../observe/metrics/readings.ts";
import { Console } from "./console/console.ts";
import { Terminal } from "./console/terminal.ts";
import type { ControlService, MachineControl } from "./control.ts";
import { EventFeed } from "./events.ts";
import { machineControl } from "./machine-control.ts";
import { MetricsFile } from "./metrics-file.ts";
import type { MachineParts } from "./parts.ts";
import { PowerButton } from "./power-button.ts";
import { machineReadings } from "./readings.ts";
import { Rest } from "./rest.ts";
import { End, type EndCode } from "./state.ts";
import { writeTrace } from "./trace.ts";
import { VirtioIo } from "./virtio/io.ts";

/** From `virtio` on they are the virtio devices' own. */
const Token = { wake: 0, signals: 1, stdin: 2, stdout: 3, service: 4, virtio: 16 } as const;
const FOR_EVER = -1;
/** How the log tells an end. */
const END_TEXTS: Readonly<Record<EndCode, string>> = {
  [End.none]: "runs",
  [End.poweroff]: "powered off",
  [End.reset]: "reset the machine",
  [End.panic]: "crashed: its kernel panicked",
  [End.tripleFault]: "crashed: triple fault",
  [End.failure]: "can't go on",
  [End.signal]: "was ended",
};
const PRESS_AGAIN_NS = 1e9;
/** After this a start is over: what it needed and nothing else does is let go of. */
const SETTLE_NS = 1e9;

export class MainLoop {
  readonly #parts: MachineParts;
  readonly #epoll = new Epoll("the main loop");
  readonly #wake: EventFd;
  readonly #signals: SignalFd;
  readonly #terminal: Terminal;
  readonly #console: Console;
  readonly #button: PowerButton;
  readonly #virtio: VirtioIo;
  readonly #readings: () => Readings;
  readonly #metrics: MetricsFile | undefined;
  readonly #events = new EventFeed();
  readonly #rest = new Rest();
  #service: ControlService | undefined;
  /** A guest that was asked to go down: by which signal, when it is ended, when it is asked again (monotonic ns). */
  #askedBy = 0;
  #deadline = Number.POSITIVE_INFINITY;
  #nextPress = Number.POSITIVE_INFINITY;
  #settleAt = Number.POSITIVE_INFINITY;
  #hasBooted = false;

  constructor(parts: MachineParts) {
    this.#parts = parts;
    const { plan, block, lines, interrupts, state } = parts;
    this.#signals = new SignalFd(parts.face.signals);
    this.#wake = EventFd.attach(lines.wake, "wake");
    this.#terminal = new Terminal(plan.stdin, state, parts.crashGuard);
    this.#button = new PowerButton(block, interrupts, parts.hasAcpi);
    this.#virtio = new VirtioIo(parts);
    this.#readings = machineReadings(parts, this.#virtio);
    const isPaused = (): boolean => parts.vcpus.isPaused;
    this.#metrics = plan.metrics && new MetricsFile(plan.metrics, parts.counts, this.#readings, isPaused);
    this.#console = new Console(parts, this.#virtio, (action) => {
      if (action === "quit") state.finish(End.signal, Signal.SIGTERM);
      else if (action === "power button") this.#button.press();
      else if (action === "help") this.#terminal.showHelp();
    });
    this.#epoll.add(lines.wake, EPOLL.IN, Token.wake);
    this.#epoll.add(this.#signals.fd.number, EPOLL.IN, Token.signals);
    this.#console.watch(this.#epoll, Token.stdin, Token.stdout);
    this.#virtio.watch(this.#epoll, Token.virtio);
  }

  /** Lets a control API in: `create` is given what it may do. */
  serve(create: (control: MachineControl) => ControlService): ControlService {
    const control = machineControl(this.#parts, {
      button: this.#button,
      console: this.#console,
      events: this.#events,
      readings: this.#readings,
      flushMetrics: this.flushMetrics,
      isStopping: () => this.#askedBy !== 0,
      shutDown: () => this.#askToShutDown(Signal.SIGTERM, "the API"),
      end: () => this.#end(Signal.SIGHUP, "the API"),
    });
    const service = create(control);
    this.#service = service;
    this.#epoll.add(service.fd, EPOLL.IN, Token.service);
    return service;
  }

  /** Writes a line of metrics, where they are wanted. @returns false: their target does not take it */
  readonly flushMetrics = (): boolean => this.#metrics?.flush() ?? true;

  /** Runs until the machine ends; ends the process. */
  run(): never {
    const { state } = this.#parts;
    try {
      this.#terminal.enter();
      this.#settleAt = monotonicNs() + SETTLE_NS;
      while (state.endCode === End.none) this.#step();
    } catch (error) {
      this.#fail(error);
    }
    return this.#finish();
  }

  #step(): void {
    const atMetrics = this.#metrics?.work() ?? Number.POSITIVE_INFINITY;
    const due = Math.min(this.#deadline, this.#nextPress, this.#settleAt);
    const timeout = Math.min(this.#console.work(), untilMs(due), atMetrics, this.#rest.timeout);
    const count = this.#epoll.wait(Number.isFinite(timeout) ? Math.ceil(timeout) : FOR_EVER);
    for (let i = 0; i < count; i++) {
      const token = this.#epoll.token(i);
      if (token >= Token.virtio) this.#virtio.ready(token - Token.virtio);
      else if (token === Token.wake) this.#wakeUp();
      else if (token === Token.signals) this.#takeSignals();
      else if (token === Token.stdin) this.#console.inputReady();
      else if (token === Token.service) this.#service?.ready();
      else this.#console.outputReady();
    }
    this.#rest.turned(count, timeout);
    if (untilMs(this.#nextPress) <= 0) this.#press();
    if (untilMs(this.#deadline) <= 0) this.#giveUp();
    if (untilMs(this.#settleAt) <= 0) this.#settle();
    this.#parts.face.turned?.();
  }

  #settle(): void {
    this.#settleAt = Number.POSITIVE_INFINITY;
    dropOwnText();
  }

  #wakeUp(): void {
    this.#wake.take();
    this.#virtio.serve();
    this.#tellBooted();
  }

  /** The vCPU that the guest told has stamped it, and woken us. */
  #tellBooted(): void {
    const { face, timeline } = this.#parts;
    if (!face.booted || this.#hasBooted || !timeline.has("guest user space")) return;
    this.#hasBooted = true;
    face.booted(timeline.at("guest user space"));
  }

  #takeSignals(): void {
    for (let signal = this.#signals.next(); signal !== 0; signal = this.#signals.next()) this.#onSignal(signal);
  }

  #onSignal(signal: number): void {
    switch (this.#parts.face.meaning(signal)) {
      case "shut down":
        this.#askToShutDown(signal, signalName(signal));
        break;
      case "end":
        this.#parts.counts.signals[signal] = 1;
        this.#end(signal, signalName(signal));
        break;
      case "note":
        this.#parts.counts.signals[signal] = (this.#parts.counts.signals[signal] ?? 0) + 1;
        this.#parts.face.noted?.(signal);
        break;
      case "suspend":
        this.#terminal.suspend();
        break;
      case "continue":
        this.#terminal.enter();
        break;
      case "window":
        this.#console.resize();
        break;
    }
  }

  #end(signal: number, who: string): void {
    this.#parts.log.info(`ended by ${who}`);
    this.#parts.state.finish(End.signal, signal);
  }

  /** The first request counts: a second signal neither shortens nor restarts the guest's time. */
  #askToShutDown(signal: number, who: string): void {
    if (this.#askedBy !== 0) return;
    const { plan, log } = this.#parts;
    const seconds = plan.config.volt.stop_timeout;
    this.#askedBy = signal;
    this.#deadline = monotonicNs() + seconds * 1e9;
    // One that stands still can't hear it.
    this.#parts.vcpus.resume();
    this.#press();
    this.#events.tell({ event: "stopping", by: who });
    log.info(`${who}: asked the guest to shut down, it has ${seconds} s`);
  }

  /** A guest that is still booting misses the first press; one that is going down ignores the next. */
  #press(): void {
    this.#button.press();
    this.#nextPress = monotonicNs() + PRESS_AGAIN_NS;
  }

  #giveUp(): void {
    const { state, plan, log } = this.#parts;
    log.warn(`the guest did not shut down within ${plan.config.volt.stop_timeout} s: ended (--stop-timeout)`);
    state.finish(End.signal, this.#askedBy);
  }

  #fail(error: unknown): void {
    const { log, state, counts } = this.#parts;
    counts.panics++;
    log.error((error as Error).message);
    if (process.env["VOLT_DEBUG"] === "1") log.error((error as Error).stack);
    state.finish(End.failure);
  }

  #finish(): never {
    const { state, timeline, plan, log, exitRecords } = this.#parts;
    timeline.mark("guest ended");
    const isCrash = state.endCode === End.panic || state.endCode === End.tripleFault;
    log[isCrash ? "info" : "debug"](`the guest ${END_TEXTS[state.endCode]}`);
    for (const { id, counters } of this.#readings().devices) log.debug(describeCounters(id, counters));
    this.#console.finish();
    this.#virtio.close();
    this.#terminal.leave();
    this.#parts.sandbox.report(state, plan.config["machine-config"].vcpu_count);
    if (plan.trace !== undefined) writeTrace(plan.trace, timeline, exitRecords?.read() ?? [], log);
    const status = this.#parts.face.exitCode(state.endCode, state.guestStatus, state.endSignal);
    this.flushMetrics();
    this.#events.tell({ event: "ended", how: END_TEXTS[state.endCode], status });
    this.#parts.face.ending?.(status);
    exitNow(status);
  }
}

/** Milliseconds until a time of the monotonic clock, given in nanoseconds. */
function untilMs(time: number): number {
  // Mostly nothing is due, and then a turn asks no clock.
  return time === Number.POSITIVE_INFINITY ? time : (time - monotonicNs()) / 1e6;
}
