import { Errno, SystemError } from "../../ffi/error.ts";
import { Fd } from "../../ffi/fd.ts";
import { libc } from "../../ffi/libc.ts";
import { addressOf } from "../../ffi/memory.ts";
import { Tap } from "../../ffi/tap.ts";

const SYS_SOCKETPAIR = 53;
const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const LONGEST = 70_000;

/** What stands for a TAP: a pair of sockets that keep frames apart, with room for a few. It has no opinion on frames. */
export class FakeTap extends Tap implements Disposable {
  /** What it was told. */
  readonly calls: (readonly [name: string, value: number | boolean])[] = [];
  /** What it answers from now on: an errno. */
  answer = 0;
  readonly #network: Fd;
  readonly #own: Fd;

  private constructor(own: Fd, network: Fd) {
    super(own.number);
    this.#own = own;
    this.#network = network;
  }

  static create(): FakeTap {
    const pair = new Int32Array(2);
    const type = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const result = libc.syscall(SYS_SOCKETPAIR, AF_UNIX, type, 0, addressOf(pair), 0);
    if (result !== 0) throw new SystemError("socketpair", Errno.EINVAL, "a fake TAP");
    return new FakeTap(new Fd(pair[0]!, "a fake TAP"), new Fd(pair[1]!, "its network"));
  }

  override setHeaderSize(bytes: number): number {
    return this.#told("header", bytes);
  }
  override setOffload(flags: number): number {
    return this.#told("offload", flags);
  }
  override setAttached(isAttached: boolean): number {
    return this.#told("attached", isAttached);
  }

  /** The network has a frame for the guest. */
  send(frame: Uint8Array): void {
    const result = this.#network.write(frame);
    if (result !== frame.length) throw new SystemError("write", -result, "a fake TAP");
  }

  /** The next frame of the guest's, if there is one. */
  receive(): Uint8Array | undefined {
    const frame = new Uint8Array(LONGEST);
    const length = this.#network.read(frame);
    return length >= 0 ? frame.slice(0, length) : undefined;
  }

  /** All frames of the guest's. */
  receiveAll(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let frame = this.receive(); frame; frame = this.receive()) frames.push(frame);
    return frames;
  }

  /** The other side is gone, as when a TAP is deleted. */
  delete(): void {
    this.#network.close();
  }

  [Symbol.dispose](): void {
    this.#network.close();
    this.#own.close();
  }

  #told(name: string, value: number | boolean): number {
    this.calls.push([name, value]);
    return this.answer;
  }
}
