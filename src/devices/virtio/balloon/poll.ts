import { TimerFd } from "../../../../ffi/timerfd.ts";
import type { EventSource } from "../device.ts";

/** Asks for statistics, again and again. */
export class Poll implements EventSource {
  seconds = 0;
  readonly ready: () => void;
  readonly #timer = TimerFd.create("the balloon's statistics");

  constructor(seconds: number, ask: () => void) {
    this.ready = () => {
      if (this.#timer.take() > 0) ask();
    };
    this.set(seconds);
  }

  get fd(): number {
    return this.#timer.fd;
  }

  /** The next question comes so many seconds from now. */
  set(seconds: number): void {
    this.seconds = seconds;
    this.#timer.setPeriodic(seconds * 1e9);
  }
}
