/** This process and its threads: names, ids, exec, exit. */
import { ptr } from "bun:ffi";
import { SystemError } from "./error.ts";
import { cString } from "./fd.ts";
import { libc } from "./libc.ts";
import { ignoreSignal, KICK_SIGNAL, Signal } from "./signal.ts";

const SYS_GETTID = 186;
const SYS_TGKILL = 234;
const PR_SET_NAME = 15;
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

/** Blocks the calling thread for good. */
export function parkThread(): never {
  for (;;) libc.pause();
}
