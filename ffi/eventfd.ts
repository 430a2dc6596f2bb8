/** eventfd(2): a counter in the kernel that wakes whoever waits for it, a thread or KVM itself. */
import { check, Errno } from "./error.ts";
import { Fd } from "./fd.ts";
import { libc } from "./libc.ts";

const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;

const one = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);

export class EventFd implements Disposable {
  readonly fd: Fd;
  readonly number: number;
  readonly #count = new Uint8Array(8);

  private constructor(fd: Fd) {
    this.fd = fd;
    this.number = fd.number;
  }

  /** @param blocking whether `take` waits for a signal */
  static create(about: string, blocking = false): EventFd {
    const flags = EFD_CLOEXEC | (blocking ? 0 : EFD_NONBLOCK);
    return new EventFd(new Fd(check(libc.eventfd(0, flags), "eventfd", about), about));
  }

  /** One that another thread of this process made. */
  static attach(number: number, about: string): EventFd {
    return new EventFd(new Fd(number, about));
  }

  /** Adds one. From any thread, allocates nothing. A counter that is full (2^64 - 2 signals unseen) stays signalled. */
  signal(): void {
    libc.write(this.number, one, 8);
  }

  /** Takes all signals at once. @returns whether there was one */
  take(): boolean {
    for (;;) {
      const result = libc.read(this.number, this.#count, 8);
      if (result !== -Errno.EINTR) return result === 8;
    }
  }

  [Symbol.dispose](): void {
    this.fd.close();
  }
}
