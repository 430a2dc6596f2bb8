/** Attacks on other processes, and attempts to become another. */
import { libc } from "../../../ffi/libc.ts";
import type { Attack } from "./attack.ts";
import { type Attacker, past } from "./attacker.ts";

const AT_FDCWD = -100;
const SIGCHLD = 17;
const SIGCONT = 18;
const CLONE_NEWUSER = 0x1000_0000;
const PTRACE_SEIZE = 0x4206;
const EPERM = 1;
const ENOEXEC = 8;
const EFAULT = 14;

export const PROCESS_ATTACKS: readonly Attack[] = [
  {
    name: "read another process's environment",
    stoppedBy: { landlock: 1, seccomp: true },
    run: (by, { sibling }) => by.opens(`/proc/${sibling}/environ`, 0),
  },
  { name: "fork", stoppedBy: { seccomp: true }, run: (by) => Math.max(0, -fork(by, SIGCHLD, () => 0)) },
  {
    name: "execute a program of the host",
    stoppedBy: { namespaces: true, landlock: 1, seccomp: true },
    run: (by) => past(by.fails("execveat", AT_FDCWD, by.text("/bin/true"), 1, 0, 0), EFAULT, ENOEXEC),
  },
  {
    name: "gain privilege by a setuid program",
    stoppedBy: { privileges: true, namespaces: true, landlock: 1, seccomp: true },
    run: executeSetuid,
  },
  {
    name: "ptrace another process",
    stoppedBy: { landlock: 1, seccomp: true },
    run: (by, { sibling }) => by.fails("ptrace", PTRACE_SEIZE, sibling, 0, 0),
  },
  {
    name: "read another process's memory",
    stoppedBy: { landlock: 1, seccomp: true },
    run: (by, { sibling }) => by.opens(`/proc/${sibling}/mem`, 0),
  },
  {
    name: "copy another process's memory",
    stoppedBy: { landlock: 1, seccomp: true },
    // Into one byte, from where nothing is: who may do it gets as far as that.
    run: (by, { sibling }) => {
      const [local, remote] = [new BigUint64Array([BigInt(by.memory), 1n]), new BigUint64Array([1n, 1n])];
      return past(by.fails("process_vm_readv", sibling, by.address(local), 1, by.address(remote), 1), EFAULT);
    },
  },
  {
    name: "signal another process",
    stoppedBy: { landlock: 6, seccomp: true },
    run: (by, { sibling }) => by.fails("kill", sibling, SIGCONT),
  },
  {
    name: "become another user",
    stoppedBy: { privileges: true, seccomp: true },
    run: (by) => by.fails("setresuid", 77, 77, 77),
  },
  {
    name: "be root in a user namespace",
    stoppedBy: { seccomp: true },
    run: (by) => Math.max(0, -fork(by, CLONE_NEWUSER | SIGCHLD, () => 0)),
  },
];

/** @param child what the child does; its result is the exit status @returns the child's id, or minus errno */
function fork(by: Attacker, flags: number, child: () => number): number {
  const id = by.call("clone", flags);
  if (id === 0) libc._exit(child());
  return id;
}

function executeSetuid(by: Attacker, { setuid }: { readonly setuid: string }): number {
  const path = by.text(setuid);
  const argv = by.address(new BigUint64Array([BigInt(path), 0n]));
  const status = by.address(new Uint32Array([0xffff_ffff]));
  const child = fork(by, SIGCHLD, () => by.fails("execve", path, argv, 0));
  if (child < 0) return -child;
  const waited = by.call("wait4", child, status, 0, 0);
  if (waited < 0) return -waited;
  return by.view(status, 4).getUint32(0, true) === 0 ? 0 : EPERM;
}
