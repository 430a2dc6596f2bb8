/** epoll(7): one thread waits for many descriptors. */
import { layout, pack, u32, u64 } from "./abi.ts";
import { check, Errno } from "./error.ts";
import { Fd } from "./fd.ts";
import { libc } from "./libc.ts";

/** Packed on x86-64: twelve bytes. */
export const EPOLL_EVENT = layout("struct epoll_event", "sys/epoll.h", 12, { events: u32(0), data: u64(4) });

export const EPOLL = {
  IN: 0x001,
  OUT: 0x004,
  ERR: 0x008,
  HUP: 0x010,
  RDHUP: 0x2000,
  ONESHOT: 1 << 30,
  EDGE: 2 ** 31,
} as const;

const EPOLL_CLOEXEC = 0o2000000;
const CTL_ADD = 1;
const CTL_DEL = 2;
const CTL_MOD = 3;
/** Events fetched at once. */
const BATCH = 32;

export class Epoll implements Disposable {
  readonly #fd: Fd;
  readonly #events = new Uint32Array((BATCH * EPOLL_EVENT.size) / 4);
  /** What `modify` asks for; one for all calls. */
  readonly #change = new Uint32Array(EPOLL_EVENT.size / 4);

  constructor(about: string) {
    this.#fd = new Fd(check(libc.epoll_create1(EPOLL_CLOEXEC), "epoll_create1", about), about);
  }

  /** Its own descriptor: readable while something is ready, so that another epoll can wait for all of it. */
  get number(): number {
    return this.#fd.number;
  }

  /**
   * @param token a 32-bit number `wait` hands back
   * @returns false for what can't be waited for because it is always ready: regular files, /dev/null
   */
  add(fd: number, events: number, token: number): boolean {
    const event = pack(EPOLL_EVENT, { events, data: token });
    const result = libc.epoll_ctl(this.#fd.number, CTL_ADD, fd, event);
    if (result === -Errno.EPERM) return false;
    check(result, "epoll_ctl", this.#fd.about);
    return true;
  }

  /** Waits for other events of a descriptor that was added. Edges are told anew. Allocates nothing. */
  modify(fd: number, events: number, token: number): void {
    this.#change[0] = events;
    this.#change[1] = token;
    check(libc.epoll_ctl(this.#fd.number, CTL_MOD, fd, this.#change), "epoll_ctl", this.#fd.about);
  }

  remove(fd: number): void {
    libc.epoll_ctl(this.#fd.number, CTL_DEL, fd, null);
  }

  /** Waits up to `timeoutMs` (-1: for ever). @returns how many events are ready: see `token` and `events` */
  wait(timeoutMs: number): number {
    const count = libc.epoll_wait(this.#fd.number, this.#events, BATCH, timeoutMs);
    if (count === -Errno.EINTR) return 0;
    return check(count, "epoll_wait", this.#fd.about);
  }

  /** The token of ready event `i`. */
  token(i: number): number {
    return this.#events[i * 3 + 1]!;
  }

  /** What is ready there, a set of EPOLL bits. */
  events(i: number): number {
    return this.#events[i * 3]!;
  }

  [Symbol.dispose](): void {
    this.#fd.close();
  }
}
