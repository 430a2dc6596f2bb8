/** stdin or stdout as the main thread uses it: never waiting, whatever is behind it. */
import { Errno } from "../../../ffi/error.ts";
import { Fd } from "../../../ffi/fd.ts";
import { isReady, POLL } from "../../../ffi/poll.ts";
import type { PlannedStream } from "../plan.ts";

/** What Linux promises a writer that poll calls ready: PIPE_BUF bytes go without waiting. */
const SURE_BYTES = 4096;

export class ConsoleStream {
  readonly fd: Fd;
  readonly isTerminal: boolean;
  readonly #nonBlocking: boolean;

  constructor(plan: PlannedStream, about: string) {
    this.fd = new Fd(plan.fd, about);
    this.isTerminal = plan.isTerminal;
    this.#nonBlocking = plan.neverBlocks;
  }

  /** Bytes that went, or minus errno; EAGAIN where it would have to wait. */
  write(bytes: Uint8Array): number {
    if (this.#nonBlocking) return this.fd.write(bytes);
    if (!isReady(this.fd.number, POLL.OUT)) return -Errno.EAGAIN;
    return this.fd.write(bytes.subarray(0, SURE_BYTES));
  }

  /** Bytes that came, 0 at the end of file, or minus errno; EAGAIN where it would have to wait. */
  read(into: Uint8Array): number {
    if (!this.#nonBlocking && !isReady(this.fd.number, POLL.IN)) return -Errno.EAGAIN;
    return this.fd.read(into);
  }
}
