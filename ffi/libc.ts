/**
 * The one place that opens libc. Everything volt asks of the operating system goes through these symbols.
 *
 * Conventions: addresses and 64-bit sizes are JavaScript numbers (user space ends at 2^47, well inside 53 bits);
 * `i64_fast` hands back a number as long as it fits 53 bits, and nothing asked of it here exceeds them. `ioctl`, `open`, `fcntl` and `prctl` are variadic in C; on
 * x86-64 integer arguments travel in the same registers either way.
 */
import { dlopen, type FFIFunction, FFIType } from "bun:ffi";

const i64 = FFIType.i64_fast;

const symbols = {
  __errno_location: { args: [], returns: "ptr" },
  strerror: { args: ["i32"], returns: "cstring" },
  strerrorname_np: { args: ["i32"], returns: "cstring" },

  open: { args: ["ptr", "i32", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  read: { args: ["i32", "ptr", "u64"], returns: i64 },
  write: { args: ["i32", "ptr", "u64"], returns: i64 },
  writev: { args: ["i32", "ptr", "i32"], returns: i64 },
  pread: { args: ["i32", "ptr", "u64", "i64"], returns: i64 },
  readv: { args: ["i32", "ptr", "i32"], returns: i64 },
  lseek: { args: ["i32", "i64", "i32"], returns: i64 },
  fcntl: { args: ["i32", "i32", "u64"], returns: "i32" },
  fstat: { args: ["i32", "ptr"], returns: "i32" },
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
  memcpy: { args: ["ptr", "ptr", "u64"], returns: i64 },

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
  signalfd: { args: ["i32", "ptr", "i32"], returns: "i32" },

  pthread_sigmask: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  sigaction: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  getrandom: { args: ["ptr", "u64", "u32"], returns: i64 },
  sched_yield: { args: [], returns: "i32" },
  sched_setaffinity: { args: ["i32", "u64", "ptr"], returns: "i32" },
  sched_getaffinity: { args: ["i32", "u64", "ptr"], returns: "i32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  syscall: { args: ["i64", "u64", "u64", "u64", "u64", "u64"], returns: i64 },
  dlsym: { args: ["ptr", "ptr"], returns: i64 },
  kill: { args: ["i32", "i32"], returns: "i32" },
  pause: { args: [], returns: "i32" },
  execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
  gnu_get_libc_version: { args: [], returns: "cstring" },
  _exit: { args: ["i32"], returns: "void" },
} as const satisfies Record<string, FFIFunction>;

/** What a pointer argument takes: an address, memory of JavaScript's, or NULL. */
export type Memory = number | NodeJS.TypedArray | DataView | null;

type Argument<T> = null extends T ? Memory : T extends number | bigint ? number : T;
type Result<T> = T extends number | bigint ? number : T;
type Plain<F> = F extends (...args: infer A) => infer R
  ? (...args: { [K in keyof A]: Argument<A[K]> }) => Result<R>
  : never;

/** bun:ffi's own types brand pointers and widen 64-bit results; these say what volt passes and gets. */
type Libc = { readonly [K in keyof typeof loaded]: Plain<(typeof loaded)[K]> };
const loaded = dlopen("libc.so.6", symbols).symbols;

export const libc = loaded as unknown as Libc;
