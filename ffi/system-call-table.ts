/** The system calls that volt makes, as C declares them. */
import { type FFIFunction, FFIType } from "bun:ffi";

const i64 = FFIType.i64_fast;

/**
 * By C's name: the kernel's number, what each takes and returns. `syscall` makes any call: its number is the first argument.
 * Where C has another name than the kernel, or the kernel a newer call, it is that one's number.
 */
export const systemCalls = {
  openat: { number: 257, args: ["i32", "ptr", "i32", "u32"], returns: "i32" },
  close: { number: 3, args: ["i32"], returns: "i32" },
  read: { number: 0, args: ["i32", "ptr", "u64"], returns: i64 },
  write: { number: 1, args: ["i32", "ptr", "u64"], returns: i64 },
  writev: { number: 20, args: ["i32", "ptr", "i32"], returns: i64 },
  pread: { number: 17, args: ["i32", "ptr", "u64", "i64"], returns: i64 },
  readv: { number: 19, args: ["i32", "ptr", "i32"], returns: i64 },
  /** The offset is one argument here, as on every 64-bit machine; the kernel has a second one for its upper half. */
  preadv2: { number: 327, args: ["i32", "ptr", "i32", "i64", "i64", "i32"], returns: i64 },
  pwritev2: { number: 328, args: ["i32", "ptr", "i32", "i64", "i64", "i32"], returns: i64 },
  lseek: { number: 8, args: ["i32", "i64", "i32"], returns: i64 },
  fcntl: { number: 72, args: ["i32", "i32", "u64"], returns: "i32" },
  fstat: { number: 5, args: ["i32", "ptr"], returns: "i32" },
  fstatfs: { number: 138, args: ["i32", "ptr"], returns: "i32" },
  flock: { number: 73, args: ["i32", "i32"], returns: "i32" },
  fsync: { number: 74, args: ["i32"], returns: "i32" },
  readlink: { number: 89, args: ["ptr", "ptr", "u64"], returns: i64 },
  mkdir: { number: 83, args: ["ptr", "u32"], returns: "i32" },
  rmdir: { number: 84, args: ["ptr"], returns: "i32" },
  dup2: { number: 33, args: ["i32", "i32"], returns: "i32" },
  ftruncate: { number: 77, args: ["i32", "i64"], returns: "i32" },
  pwrite: { number: 18, args: ["i32", "ptr", "u64", "i64"], returns: i64 },
  memfd_create: { number: 319, args: ["ptr", "u32"], returns: "i32" },
  ioctl: { number: 16, args: ["i32", "u64", "ptr"], returns: "i32" },
  unlink: { number: 87, args: ["ptr"], returns: "i32" },
  poll: { number: 7, args: ["ptr", "u64", "i32"], returns: "i32" },

  mmap: { number: 9, args: ["ptr", "u64", "i32", "i32", "i32", "i64"], returns: i64 },
  munmap: { number: 11, args: ["ptr", "u64"], returns: "i32" },
  mprotect: { number: 10, args: ["ptr", "u64", "i32"], returns: "i32" },
  madvise: { number: 28, args: ["ptr", "u64", "i32"], returns: "i32" },

  socket: { number: 41, args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { number: 49, args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { number: 50, args: ["i32", "i32"], returns: "i32" },
  accept4: { number: 288, args: ["i32", "ptr", "ptr", "i32"], returns: "i32" },
  connect: { number: 42, args: ["i32", "ptr", "u32"], returns: "i32" },
  shutdown: { number: 48, args: ["i32", "i32"], returns: "i32" },
  send: { number: 44, args: ["i32", "ptr", "u64", "i32"], returns: i64 },
  recv: { number: 45, args: ["i32", "ptr", "u64", "i32"], returns: i64 },
  sendmsg: { number: 46, args: ["i32", "ptr", "i32"], returns: i64 },

  eventfd: { number: 290, args: ["u32", "i32"], returns: "i32" },
  epoll_create1: { number: 291, args: ["i32"], returns: "i32" },
  epoll_ctl: { number: 233, args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  epoll_wait: { number: 232, args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
  timerfd_create: { number: 283, args: ["i32", "i32"], returns: "i32" },
  timerfd_settime: { number: 286, args: ["i32", "i32", "ptr", "ptr"], returns: "i32" },
  signalfd4: { number: 289, args: ["i32", "ptr", "u64", "i32"], returns: "i32" },

  getrandom: { number: 318, args: ["ptr", "u64", "u32"], returns: i64 },
  getrusage: { number: 98, args: ["i32", "ptr"], returns: "i32" },
  sched_yield: { number: 24, args: [], returns: "i32" },
  sched_setaffinity: { number: 203, args: ["i32", "u64", "ptr"], returns: "i32" },
  sched_getaffinity: { number: 204, args: ["i32", "u64", "ptr"], returns: "i32" },
  prctl: { number: 157, args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  syscall: { number: undefined, args: ["i64", "u64", "u64", "u64", "u64", "u64"], returns: i64 },
  kill: { number: 62, args: ["i32", "i32"], returns: "i32" },
  pause: { number: 34, args: [], returns: "i32" },
  execve: { number: 59, args: ["ptr", "ptr", "ptr"], returns: "i32" },
  waitpid: { number: 61, args: ["i32", "ptr", "i32"], returns: "i32" },
  _exit: { number: 231, args: ["i32"], returns: "void" },
} as const satisfies Record<string, FFIFunction & { readonly number: number | undefined }>;
