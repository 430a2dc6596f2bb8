/** timerfd_create(2): a timer of CLOCK_MONOTONIC as a descriptor, so that one epoll waits for it and all else. */
import { layout, u64 } from "./abi.ts";
import { check, Errno } from "./error.ts";
import { Fd } from "./fd.ts";
import { libc } from "./libc.ts";

export const ITIMERSPEC = layout("struct itimerspec", "sys/timerfd.h", 32, {
  "it_interval.tv_sec": u64(0),
  "it_interval.tv_nsec": u64(8),
  "it_value.tv_sec": u64(16),
  "it_value.tv_nsec": u64(24),
});

const CLOCK_MONOTONIC = 1;
const TFD_CLOEXEC = 0o2000000;
const TFD_NONBLOCK = 0o4000;

/** Indices of 64-bit fields as 32-bit words: times here fit the lower half, the upper stays 0. */
const Word = { INTERVAL_SEC: 0, INTERVAL_NSEC: 2, VALUE_SEC: 4, VALUE_NSEC: 6 } as const;
const MOST_SECONDS = 2 ** 32 - 1;

export class TimerFd implements Disposable {
  readonly #fd: Fd;
  /** The number the kernel knows it by: ready to read once the timer has run out. */
  readonly fd: number;
  readonly #spec = new Uint32Array(ITIMERSPEC.size / 4);
  readonly #count = new Uint32Array(2);

  private constructor(fd: Fd) {
    this.#fd = fd;
    this.fd = fd.number;
  }

  /** One that is not set. */
  static create(about: string): TimerFd {
    const flags = TFD_CLOEXEC | TFD_NONBLOCK;
    return new TimerFd(new Fd(check(libc.timerfd_create(CLOCK_MONOTONIC, flags), "timerfd_create", about), about));
  }

  /**
   * Runs out once, `ns` from now, whatever it was set to before. Allocates nothing.
   * @param ns 0 or less: at once; more than 136 years: then
   */
  setOnce(ns: number): void {
    // 0 would switch it off.
    this.#set(Math.max(1, ns), 0);
  }

  /** Runs out every `ns`, first `ns` from now. @param ns more than 0 */
  setPeriodic(ns: number): void {
    const period = Math.max(1, ns);
    this.#set(period, period);
  }

  /** Switches it off. What it ran out before is forgotten too. */
  clear(): void {
    this.#set(0, 0);
  }

  /** @returns how often it ran out since the last call */
  take(): number {
    for (;;) {
      const result = libc.read(this.fd, this.#count, 8);
      if (result === 8) return this.#count[1]! * 0x1_0000_0000 + this.#count[0]!;
      if (result !== -Errno.EINTR) return 0;
    }
  }

  #set(value: number, interval: number): void {
    this.#put(Word.VALUE_SEC, Word.VALUE_NSEC, value);
    this.#put(Word.INTERVAL_SEC, Word.INTERVAL_NSEC, interval);
    check(libc.timerfd_settime(this.fd, 0, this.#spec, null), "timerfd_settime", this.#fd.about);
  }

  #put(secondsWord: number, nanosecondsWord: number, ns: number): void {
    const whole = Math.ceil(ns);
    const seconds = Math.min(Math.floor(whole / 1e9), MOST_SECONDS);
    this.#spec[secondsWord] = seconds;
    this.#spec[nanosecondsWord] = seconds === MOST_SECONDS ? 0 : whole % 1e9;
  }

  [Symbol.dispose](): void {
    this.#fd.close();
  }
}
