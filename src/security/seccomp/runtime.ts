/** What Bun, its JavaScript engine and glibc do in any thread, whatever the thread is for. */
import { PROT } from "../../../ffi/memory.ts";
import { PIPE_OPERATIONS, PIPE_REQUESTS } from "../../../ffi/pipe.ts";
import { allow, is, type Rule, refuse, requests, without } from "./rule.ts";

const NOT_EXECUTABLE = without(2, "prot", PROT.EXEC, "not PROT_EXEC");
/** What glibc's pthread_create passes: VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID. */
const THREAD_FLAGS = 0x3d_0f00;
const PR = { PR_SET_NAME: 15, PR_GET_NAME: 16, PR_SET_VMA: 0x5356_4d41 };
const FCNTL = { F_GETFD: 1, F_SETFD: 2, F_GETFL: 3, F_SETFL: 4, F_GET_SEALS: 1034 };
const SIGSTOP = 19;

/** @param pid of this process: signals go to its own threads only */
export function runtimeRules(pid: number): Rule[] {
  return [...memory(), ...threads(pid), ...time(), ...refusedQuietly()];
}

function memory(): Rule[] {
  return [
    // The JIT's memory is executable and writable from before the filter on; nothing new becomes executable.
    allow("the heap, the guest's memory, what is shared between threads", "mmap mprotect", [NOT_EXECUTABLE]),
    allow("memory goes back", "munmap brk"),
    allow("the collector and the JIT say which pages they use", "madvise"),
  ];
}

function threads(pid: number): Rule[] {
  const own = is(0, "tgid", { "this process": pid });
  return [
    allow("locks", "futex"),
    allow("Bun starts threads that compile and collect", "clone", [
      { argument: 0, name: "flags", oneOf: [THREAD_FLAGS], means: "a thread" },
    ]),
    refuse("its flags are in memory, where no filter looks; glibc then takes clone", "ENOSYS", "clone3"),
    allow("glibc sets up a thread, and ends it", "set_robust_list rseq exit gettid getpid"),
    allow("the end of it all", "exit_group"),
    allow("signals within the process: kicks, the collector's stop, aborts", "tgkill", [own]),
    allow("handlers and masks", "rt_sigprocmask rt_sigaction rt_sigreturn rt_sigsuspend"),
    allow("Bun's crash report walks its own stack", "process_vm_readv", [own]),
    allow("names of threads and mappings", "prctl", [is(0, "option", PR)]),
    allow("spin locks, and how many CPUs there are", "sched_yield sched_getaffinity getcpu"),
    allow("a call that a signal had interrupted", "restart_syscall"),
    allow("random seeds", "getrandom"),
  ];
}

function time(): Rule[] {
  return [
    allow("clocks, where the vDSO can't read the host's", "clock_gettime gettimeofday"),
    allow("waiting", "nanosleep clock_nanosleep"),
    allow("how much memory and time is used", "getrusage"),
  ];
}

/** What Bun, glibc and the crash reporter try, and live without: an error is their usual weather. */
function refusedQuietly(): Rule[] {
  return [
    refuse(
      "nothing is opened by name; JavaScriptCore tries /proc/self/statm at each collection",
      "EACCES",
      "open openat openat2 creat",
    ),
    refuse(
      "nor looked at by name",
      "EACCES",
      "stat lstat access faccessat faccessat2 readlink readlinkat newfstatat statx getcwd",
    ),
    allow("what a descriptor leads to", "fstat"),
    refuse("limits and priorities stay", "EPERM", "prlimit64 setrlimit getrlimit setpriority getpriority"),
    refuse("nor does the scheduling", "EPERM", "sched_setscheduler sched_setparam sched_getparam sched_getscheduler"),
    refuse("io_uring, where no disk asked for it", "EPERM", "io_uring_setup io_uring_enter io_uring_register"),
    refuse("glibc asks once, and can do without", "ENOSYS", "membarrier"),
    refuse("crash reports need no host name", "EPERM", "uname"),
    refuse(
      "libraries have these calls, and no recorded run made one: they have to do without",
      "ENOSYS",
      "mremap sigaltstack clock_getres sysinfo writev ppoll timerfd_create timerfd_gettime",
    ),
  ];
}

/** Reading and writing what is open. */
export function descriptorRules(): Rule[] {
  return [
    allow("console, log, images, eventfds", "read write pread64 lseek close"),
    allow("flags of descriptors", "fcntl", [is(1, "op", FCNTL)]),
    allow("Bun's event loops and volt's", "epoll_create1 epoll_ctl epoll_wait epoll_pwait2 eventfd2"),
    allow("the same, where an older container engine's filter refuses epoll_pwait2", "epoll_pwait"),
    allow("whether there is something to read", "poll"),
    allow("timers that were made at the start; signals as descriptors", "timerfd_settime signalfd4"),
  ];
}

/** A log or metrics whose reader is slow must not make a thread wait. */
export function lineRules(): Rule[] {
  return [
    allow("whether a pipe has room for a line", "ioctl", requests(PIPE_REQUESTS)),
    allow("the same", "fcntl", [is(1, "op", PIPE_OPERATIONS)]),
    allow("whether another target has", "poll"),
  ];
}

/** Ctrl-Z at a terminal stops the whole process. @param pid its own */
export function stopRule(pid: number): Rule {
  return allow("job control: volt stops itself", "kill", [
    is(0, "pid", { "this process": pid }),
    is(1, "sig", { SIGSTOP }),
  ]);
}
