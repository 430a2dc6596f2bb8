/** Signals: blocked and read as data, or used to kick a thread out of a system call. */
import { layout, pack, u32, u64 } from "./abi.ts";
import { check, Errno, SystemError } from "./error.ts";
import { Fd } from "./fd.ts";
import { libc } from "./libc.ts";

export const Signal = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
} as const;

/** The kick: a real-time signal glibc and Bun leave alone. */
export const KICK_SIGNAL = 36;

/** `SIGTERM` for 15. */
export function signalName(signal: number): string {
  return Object.entries(Signal).find(([, number]) => number === signal)?.[0] ?? `signal ${signal}`;
}

/** glibc's, of which the kernel uses the first 8 bytes. */
const SIGSET_BYTES = 128;
/** The kernel's own sigset_t: the beginning of that. */
const KERNEL_SIGSET_BYTES = 8;
export const SIGACTION = layout("struct sigaction", "signal.h", 152, { sa_handler: u64(0), sa_flags: u32(136) });
export const SIGINFO = layout("struct signalfd_siginfo", "sys/signalfd.h", 128, {
  ssi_signo: u32(0),
  ssi_pid: u32(12),
});

const SIG_BLOCK = 0;
const SIG_UNBLOCK = 1;
const SIG_DFL = 0;
const SIG_IGN = 1;
const SFD_NONBLOCK = 0o4000;
const SFD_CLOEXEC = 0o2000000;
const RTLD_DEFAULT = null;

function signalSet(signals: readonly number[]): Uint8Array {
  const set = new Uint8Array(SIGSET_BYTES);
  for (const signal of signals) set[(signal - 1) >> 3]! |= 1 << ((signal - 1) & 7);
  return set;
}

/** Blocks signals in this thread, in every thread it starts, and across an exec: a start does it early, so none is lost. */
export function blockSignals(signals: readonly number[]): void {
  mask(SIG_BLOCK, signals);
}

export function unblockSignals(signals: readonly number[]): void {
  mask(SIG_UNBLOCK, signals);
}

function mask(how: number, signals: readonly number[]): void {
  const error = libc.pthread_sigmask(how, signalSet(signals), null);
  if (error !== 0) throw new SystemError("pthread_sigmask", error, "signals");
}

/** The kernel drops the signal, in the whole process. */
export function ignoreSignal(signal: number): void {
  setHandler(signal, pack(SIGACTION, { sa_handler: SIG_IGN }), signalName(signal));
}

/** The kernel does what it does to every program. */
export function resetSignal(signal: number): void {
  setHandler(signal, pack(SIGACTION, { sa_handler: SIG_DFL }), signalName(signal));
}

/** @param action a SIGACTION @throws SystemError for a signal that can't be handled */
export function setHandler(signal: number, action: Uint8Array, about: string): void {
  if (libc.sigaction(signal, action, null) !== 0) throw new SystemError("sigaction", Errno.EINVAL, about);
}

/** Blocked signals as a descriptor that becomes readable. */
export class SignalFd implements Disposable {
  readonly fd: Fd;
  readonly #info = new Uint8Array(SIGINFO.size);
  readonly #words = new Uint32Array(this.#info.buffer);

  constructor(signals: readonly number[]) {
    const fd = libc.signalfd4(-1, signalSet(signals), KERNEL_SIGSET_BYTES, SFD_NONBLOCK | SFD_CLOEXEC);
    this.fd = new Fd(check(fd, "signalfd4", "signals"), "signals");
  }

  /** The next pending signal's number, or 0 when there is none. */
  next(): number {
    return this.fd.read(this.#info) === SIGINFO.size ? this.#words[0]! : 0;
  }

  [Symbol.dispose](): void {
    this.fd.close();
  }
}

/**
 * Makes KICK_SIGNAL interrupt system calls and do nothing else, in the whole process. No JavaScript may run in a
 * signal handler, so the handler is a libc function that takes the signal number and is harmless: `abs`.
 */
export function installKick(): void {
  const handler = libc.dlsym(RTLD_DEFAULT, Buffer.from("abs\0"));
  setHandler(KICK_SIGNAL, pack(SIGACTION, { sa_handler: handler }), "the kick signal");
}
