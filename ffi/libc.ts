/**
 * The one place that opens libc. Everything volt asks of the operating system goes through these symbols.
 *
 * System calls are made by code of our own (system-call-code.ts), under the names that C programs know: where one fails, its
 * result is minus errno. libc would put errno aside, to be read by a second call, and whatever runs in between in this thread
 * (the collector, the JIT) may make a failing call of its own.
 *
 * Conventions: addresses and 64-bit sizes are JavaScript numbers (user space ends at 2^47, well inside 53 bits);
 * `i64_fast` hands back a number as long as it fits 53 bits, and nothing asked of it here exceeds them. Arguments that a call
 * has beyond those named here are 0.
 */
import { dlopen, type FFIFunction, FFIType, linkSymbols } from "bun:ffi";
import { type Bootstrap, inheritance, systemCallCode } from "./system-call-code.ts";
import { systemCallNumber } from "./system-calls.ts";

const i64 = FFIType.i64_fast;

/** What is libc's own. None of them says in errno why it failed. */
const functions = {
  strerror: { args: ["i32"], returns: "cstring" },
  strerrorname_np: { args: ["i32"], returns: "cstring" },
  memcpy: { args: ["ptr", "ptr", "u64"], returns: i64 },
  dlsym: { args: ["ptr", "ptr"], returns: i64 },
  gnu_get_libc_version: { args: [], returns: "cstring" },
  /** It fails for signals that can't be handled, and for nothing else. */
  sigaction: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  /** Returns an error's number. */
  pthread_sigmask: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  /** By the vDSO, without a system call. */
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
} as const satisfies Record<string, FFIFunction>;

const systemCalls = {
  openat: { args: ["i32", "ptr", "i32", "u32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  read: { args: ["i32", "ptr", "u64"], returns: i64 },
  write: { args: ["i32", "ptr", "u64"], returns: i64 },
  writev: { args: ["i32", "ptr", "i32"], returns: i64 },
  pread: { args: ["i32", "ptr", "u64", "i64"], returns: i64 },
  readv: { args: ["i32", "ptr", "i32"], returns: i64 },
  /** The offset is one argument here, as on every 64-bit machine; the kernel has a second one for its upper half. */
  preadv2: { args: ["i32", "ptr", "i32", "i64", "i64", "i32"], returns: i64 },
  pwritev2: { args: ["i32", "ptr", "i32", "i64", "i64", "i32"], returns: i64 },
  lseek: { args: ["i32", "i64", "i32"], returns: i64 },
  fcntl: { args: ["i32", "i32", "u64"], returns: "i32" },
  fstat: { args: ["i32", "ptr"], returns: "i32" },
  fstatfs: { args: ["i32", "ptr"], returns: "i32" },
  flock: { args: ["i32", "i32"], returns: "i32" },
  fsync: { args: ["i32"], returns: "i32" },
  readlink: { args: ["ptr", "ptr", "u64"], returns: i64 },
  mkdir: { args: ["ptr", "u32"], returns: "i32" },
  rmdir: { args: ["ptr"], returns: "i32" },
  dup2: { args: ["i32", "i32"], returns: "i32" },
  ftruncate: { args: ["i32", "i64"], returns: "i32" },
  pwrite: { args: ["i32", "ptr", "u64", "i64"], returns: i64 },
  memfd_create: { args: ["ptr", "u32"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  unlink: { args: ["ptr"], returns: "i32" },
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },

  mmap: { args: ["ptr", "u64", "i32", "i32", "i32", "i64"], returns: i64 },
  munmap: { args: ["ptr", "u64"], returns: "i32" },
  mprotect: { args: ["ptr", "u64", "i32"], returns: "i32" },
  madvise: { args: ["ptr", "u64", "i32"], returns: "i32" },

  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  accept4: { args: ["i32", "ptr", "ptr", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  shutdown: { args: ["i32", "i32"], returns: "i32" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: i64 },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: i64 },
  sendmsg: { args: ["i32", "ptr", "i32"], returns: i64 },

  eventfd: { args: ["u32", "i32"], returns: "i32" },
  epoll_create1: { args: ["i32"], returns: "i32" },
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
  timerfd_create: { args: ["i32", "i32"], returns: "i32" },
  timerfd_settime: { args: ["i32", "i32", "ptr", "ptr"], returns: "i32" },
  signalfd4: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },

  getrandom: { args: ["ptr", "u64", "u32"], returns: i64 },
  getrusage: { args: ["i32", "ptr"], returns: "i32" },
  sched_yield: { args: [], returns: "i32" },
  sched_setaffinity: { args: ["i32", "u64", "ptr"], returns: "i32" },
  sched_getaffinity: { args: ["i32", "u64", "ptr"], returns: "i32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  syscall: { args: ["i64", "u64", "u64", "u64", "u64", "u64"], returns: i64 },
  kill: { args: ["i32", "i32"], returns: "i32" },
  pause: { args: [], returns: "i32" },
  execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
  _exit: { args: ["i32"], returns: "void" },
} as const satisfies Record<string, FFIFunction>;

/** Where C has another name than the kernel, or the kernel a newer call. */
const KERNEL_NAMES: Readonly<Record<string, string>> = {
  pread: "pread64",
  pwrite: "pwrite64",
  send: "sendto",
  recv: "recvfrom",
  eventfd: "eventfd2",
  waitpid: "wait4",
  _exit: "exit_group",
};

/** What a pointer argument takes: an address, memory of JavaScript's, or NULL. */
export type Memory = number | NodeJS.TypedArray | DataView | null;

type Argument<T> = null extends T ? Memory : T extends number | bigint ? number : T;
type Result<T> = T extends number | bigint ? number : T;
type Plain<F> = F extends (...args: infer A) => infer R
  ? (...args: { [K in keyof A]: Argument<A[K]> }) => Result<R>
  : never;

/** bun:ffi's own types brand pointers and widen 64-bit results; these say what volt passes and gets. */
type Symbols<Fns extends Record<string, FFIFunction>> = ReturnType<typeof dlopen<Fns>>["symbols"];
type All = Symbols<typeof functions> & Symbols<typeof systemCalls>;
type Libc = { readonly [K in keyof All]: Plain<All[K]> };

const { mmap, mprotect } = systemCalls;
const loaded = dlopen("libc.so.6", { ...functions, mmap, mprotect }).symbols as unknown as Libc;
const addresses = systemCallAddresses(loaded);
export const libc: Libc = { ...loaded, ...linkSystemCalls() };
/** A word of the argv of each Worker that is started under filters. */
export const WORKER_ARGUMENT = inheritance(addresses);

function systemCallAddresses(bootstrap: Bootstrap): readonly number[] {
  const calls = Object.entries(systemCalls).map(([name, { args }]) => ({
    // `syscall` takes the call's number as an argument.
    number: name === "syscall" ? undefined : systemCallNumber(KERNEL_NAMES[name] ?? name),
    arguments: args.length,
  }));
  return systemCallCode(calls, bootstrap);
}

function linkSystemCalls(): Pick<Libc, keyof typeof systemCalls> {
  const linked = Object.entries(systemCalls).map(([name, call], i) => [name, { ...call, ptr: addresses[i]! }]);
  return linkSymbols(Object.fromEntries(linked)).symbols as unknown as Libc;
}
