/** This process and its threads: names, ids, exec, exit. */
import { ptr } from "bun:ffi";
import { check, SystemError } from "./error.ts";
import { cString, Fd, O } from "./fd.ts";
import { libc } from "./libc.ts";
import { ignoreSignal, KICK_SIGNAL, resetSignal, Signal } from "./signal.ts";

const SYS_GETTID = 186;
const SYS_TGKILL = 234;
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const ESRCH = 3;
const PR_SET_DUMPABLE = 4;
const PR_SET_NAME = 15;
/** What a shell makes of that end. */
const EXIT_BY_SIGABRT = 128 + 6;
const ANY_CHILD = -1;
const WNOHANG = 1;

/** Names the calling thread, as `ps -L` and /proc/PID/task/TID/comm show it. The kernel keeps 15 bytes. */
export function nameThread(name: string): void {
  const bytes = cString(name);
  libc.prctl(PR_SET_NAME, ptr(bytes), 0, 0, 0);
}

/** The calling thread's id. */
export function threadId(): number {
  return libc.syscall(SYS_GETTID, 0, 0, 0, 0, 0);
}

/** Interrupts whatever system call a thread of this process is in. @returns false when it is gone */
export function kickThread(tid: number): boolean {
  return libc.syscall(SYS_TGKILL, process.pid, tid, KICK_SIGNAL, 0, 0) === 0;
}

/** Stops this very process with SIGSTOP, as a shell's job control expects; returns when it goes on. */
export function stopProcess(): void {
  libc.kill(process.pid, 19);
}

/** Field 22 of /proc/PID/stat, counted from behind the name, which may hold blanks and brackets: proc(5). */
const START_TIME = 22 - 3;
/** Its 52 numbers have at most 20 digits. */
const STAT_BYTES = 2048;

/**
 * When a process started, in clock ticks since the host did: with its id it names the process for good, since an id is
 * given out again. Undefined when there is no such process, or it may not be looked at.
 */
export function startTime(pid: number): number | undefined {
  const stat = statOf(pid);
  const time = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[START_TIME]);
  return Number.isFinite(time) ? time : undefined;
}

function statOf(pid: number): string {
  try {
    using file = Fd.open(`/proc/${pid}/stat`, O.RDONLY);
    return Buffer.from(file.readAt(0, STAT_BYTES)).toString("latin1");
  } catch {
    // There is none, or it ended between the open and the read.
    return "";
  }
}

/**
 * Sends a signal to just that process: an id that was given out again is noticed.
 * @param started its `startTime`
 * @returns false when it is gone
 * @throws SystemError EPERM when it is another user's
 */
export function signalProcess(pid: number, started: number, signal: number): boolean {
  const pidfd = libc.syscall(SYS_PIDFD_OPEN, pid, 0, 0, 0, 0);
  if (pidfd === -ESRCH) return false;
  using process = new Fd(check(pidfd, "pidfd_open", `process ${pid}`), `process ${pid}`);
  // The descriptor holds the process: what is true of the id now stays true of it.
  if (startTime(pid) !== started) return false;
  const result = libc.syscall(SYS_PIDFD_SEND_SIGNAL, process.number, signal, 0, 0, 0);
  if (result === -ESRCH) return false;
  check(result, "pidfd_send_signal", process.about);
  return true;
}

/**
 * Becomes another program; does not return.
 * @param environment all of it: nothing is inherited
 * @throws SystemError when there is no such program
 */
export function exec(path: string, argv: readonly string[], environment: Readonly<Record<string, string>>): never {
  const strings: Buffer[] = [];
  const vector = (texts: readonly string[]): BigUint64Array => {
    const buffers = texts.map(cString);
    strings.push(...buffers);
    return new BigUint64Array([...buffers.map((buffer) => BigInt(ptr(buffer))), 0n]);
  };
  const args = vector(argv);
  const env = vector(Object.entries(environment).map(([name, value]) => `${name}=${value}`));
  const result = libc.execve(cString(path), args, env);
  throw new SystemError("execve", -result, `${path} (${strings.length} strings)`);
}

/**
 * Leaves no child a zombie: not those the process had before an exec, nor those it inherits as PID 1 of a namespace.
 * Nobody can wait for a child after this.
 */
export function disownChildren(): void {
  // From here on the kernel clears them away as they end (sigaction(2), NOTES); those that ended before are left to us.
  ignoreSignal(Signal.SIGCHLD);
  while (libc.waitpid(ANY_CHILD, null, WNOHANG) > 0);
}

/** Ends the process at once: no exit handlers, no flushing, every thread with it. */
export function exitNow(status: number): never {
  libc._exit(status);
  throw new Error("unreachable: _exit returned");
}

/** Ends the process by SIGABRT: without a report of Bun's and without a core, which would have all that is in memory. */
export function abortNow(): never {
  libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  resetSignal(Signal.SIGABRT);
  libc.syscall(SYS_TGKILL, process.pid, threadId(), Signal.SIGABRT, 0, 0);
  // The first process of a namespace: no signal's default ends it.
  return exitNow(EXIT_BY_SIGABRT);
}

/** Blocks the calling thread for good. */
export function parkThread(): never {
  for (;;) libc.pause();
}
