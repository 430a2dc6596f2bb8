/**
 * What somebody tries who runs code in volt's process. None does harm where it succeeds. The table says which layer stops
 * it, alone: docs/security.md shows it.
 */
import { libc } from "../../../ffi/libc.ts";
import { Mapping } from "../../../ffi/memory.ts";
import { systemCallNumber } from "../../../ffi/system-calls.ts";

/** What there is to be attacked. */
export interface Targets {
  /** A listener on the host's loopback, TCP. */
  readonly port: number;
  /** One on an abstract Unix socket. */
  readonly abstractName: string;
  /** A process of the same user, without privileges. */
  readonly sibling: number;
  /** A file of the host's that everybody may read, and a folder where everybody may write. */
  readonly file: string;
  readonly folder: string;
}

export interface Attack {
  readonly name: string;
  /** The layers that stop it, each alone. For Landlock: from which ABI on. */
  readonly stoppedBy: {
    readonly privileges?: true;
    readonly namespaces?: true;
    readonly landlock?: number;
    readonly seccomp?: true;
  };
  /** @returns 0 where it succeeded, else errno */
  readonly run: (targets: Targets) => number;
}

const AT_FDCWD = -100;
const EFAULT = 14;
const text = (string: string) => Buffer.from(`${string}\0`);
/** Where arguments lie that the kernel reads: one after the other, never given back. */
const memory = Mapping.create(2 ** 20, { about: "the attackers' arguments" });
const bytes = new Uint8Array(memory.view());
let used = 0;

function address(argument: NodeJS.TypedArray): number {
  const at = used;
  bytes.set(new Uint8Array(argument.buffer, argument.byteOffset, argument.byteLength), at);
  used += Math.ceil(argument.byteLength / 8) * 8;
  return memory.address + at;
}

/** The call's result, or minus errno. */
function call(name: string, ...args: number[]): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = args;
  return libc.syscall(systemCallNumber(name), a, b, c, d, e);
}
const fails = (name: string, ...args: number[]) => Math.max(0, -call(name, ...args));
const opens = (path: string, flags: number) => fails("openat", AT_FDCWD, address(text(path)), flags, 0o600);

function connects(domain: number, socketAddress: Uint8Array): number {
  const fd = call("socket", domain, 1, 0);
  return fd < 0 ? -fd : fails("connect", fd, address(socketAddress), socketAddress.length);
}

/** What it stands for happened if the kernel went on to look at the arguments. */
const past = (error: number, ...later: number[]) => (later.includes(error) ? 0 : error);

const O = { RDWR: 2, CREAT: 0o100 };
const EINVAL = 22;
const EBUSY = 16;
const ENOEXEC = 8;

export const ATTACKS: readonly Attack[] = [
  {
    name: "read a file of the host",
    stoppedBy: { namespaces: true, landlock: 1 },
    run: ({ file }) => opens(file, 0),
  },
  {
    name: "write a file",
    stoppedBy: { namespaces: true, landlock: 1, seccomp: true },
    run: ({ folder }) => opens(`${folder}/new`, O.RDWR | O.CREAT),
  },
  {
    name: "read another process's environment",
    stoppedBy: { landlock: 1 },
    run: ({ sibling }) => opens(`/proc/${sibling}/environ`, 0),
  },
  {
    name: "write its own memory by /proc/self/mem",
    stoppedBy: { namespaces: true, landlock: 1, seccomp: true },
    run: () => opens("/proc/self/mem", O.RDWR),
  },
  {
    name: "connect to the host's loopback",
    stoppedBy: { namespaces: true, landlock: 4, seccomp: true },
    run: ({ port }) => connects(2, new Uint8Array([2, 0, port >> 8, port & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])),
  },
  {
    name: "connect to an abstract Unix socket",
    stoppedBy: { namespaces: true, landlock: 6, seccomp: true },
    run: ({ abstractName }) => connects(1, new Uint8Array([1, 0, 0, ...Buffer.from(abstractName)])),
  },
  { name: "netlink socket", stoppedBy: { seccomp: true }, run: () => fails("socket", 16, 3, 0) },
  { name: "packet socket", stoppedBy: { privileges: true, seccomp: true }, run: () => fails("socket", 17, 3, 0) },
  {
    name: "fork",
    stoppedBy: { seccomp: true },
    run: () => {
      const child = call("clone", 17);
      if (child === 0) libc._exit(0);
      return Math.max(0, -child);
    },
  },
  {
    name: "execute a program of the host",
    stoppedBy: { namespaces: true, landlock: 1, seccomp: true },
    run: () => past(fails("execveat", AT_FDCWD, address(text("/bin/true")), 1, 0, 0), EFAULT, ENOEXEC),
  },
  {
    name: "ptrace another process",
    stoppedBy: { landlock: 1, seccomp: true },
    run: ({ sibling }) => fails("ptrace", 0x4206, sibling, 0, 0),
  },
  {
    name: "read another process's memory",
    stoppedBy: { landlock: 1 },
    run: ({ sibling }) => opens(`/proc/${sibling}/mem`, 0),
  },
  {
    name: "copy another process's memory",
    stoppedBy: { landlock: 1, seccomp: true },
    // Into one byte, from where nothing is: who may do it gets as far as that.
    run: ({ sibling }) => {
      const [local, remote] = [new BigUint64Array([BigInt(memory.address), 1n]), new BigUint64Array([1n, 1n])];
      return past(fails("process_vm_readv", sibling, address(local), 1, address(remote), 1), EFAULT);
    },
  },
  {
    name: "signal another process",
    stoppedBy: { landlock: 6, seccomp: true },
    run: ({ sibling }) => fails("kill", sibling, 18),
  },
  {
    name: "mount",
    stoppedBy: { privileges: true, seccomp: true },
    run: () => fails("mount", address(text("none")), address(text("/proc")), address(text("tmpfs")), 0, 0),
  },
  { name: "unshare its mounts", stoppedBy: { privileges: true, seccomp: true }, run: () => fails("unshare", 0x20000) },
  {
    name: "enter another namespace",
    stoppedBy: { privileges: true, seccomp: true },
    run: () => fails("setns", call("openat", AT_FDCWD, address(text("/proc/self/ns/mnt")), 0), 0),
  },
  {
    name: "change the root",
    stoppedBy: { privileges: true, seccomp: true },
    run: () => fails("chroot", address(text("/"))),
  },
  {
    name: "pivot the root",
    stoppedBy: { privileges: true, seccomp: true },
    run: () => past(fails("pivot_root", address(text("/")), address(text("/"))), EINVAL, EBUSY),
  },
  {
    name: "become another user",
    stoppedBy: { privileges: true, seccomp: true },
    run: () => fails("setresuid", 77, 77, 77),
  },
  { name: "read the keyring", stoppedBy: { seccomp: true }, run: () => fails("keyctl", 0, -3, 1) },
  {
    name: "load a BPF program",
    stoppedBy: { seccomp: true },
    run: () => past(fails("bpf", 0, address(new Uint32Array([2, 4, 4, 1, 0, 0, 0, 0, 0, 0])), 40), EINVAL),
  },
  {
    name: "watch the host by perf_event_open",
    stoppedBy: { seccomp: true },
    run: () =>
      fails("perf_event_open", address(new Uint32Array([1, 112, ...new Array<number>(26).fill(0)])), -1, 0, -1, 0),
  },
  { name: "catch page faults", stoppedBy: { seccomp: true }, run: () => fails("userfaultfd", 0) },
  {
    name: "make an io_uring",
    stoppedBy: { seccomp: true },
    run: () => fails("io_uring_setup", 1, address(new Uint8Array(120))),
  },
  {
    name: "load a kernel module",
    stoppedBy: { privileges: true, seccomp: true },
    run: () => past(fails("init_module", 0, 0, 0), EFAULT, ENOEXEC),
  },
  {
    name: "load another kernel",
    stoppedBy: { privileges: true, seccomp: true },
    run: () => past(fails("kexec_load", 0, 0, 0, 0xffff), EINVAL),
  },
  {
    name: "type into a terminal",
    stoppedBy: { seccomp: true },
    run: () => past(fails("ioctl", 1, 0x5412, address(text("x"))), 25),
  },
  {
    name: "make memory executable",
    stoppedBy: { seccomp: true },
    run: () => fails("mprotect", memory.address, 4096, 7),
  },
  {
    name: "make an executable file in memory",
    stoppedBy: { seccomp: true },
    run: () => fails("memfd_create", address(text("x")), 0),
  },
  {
    name: "delete a file of the host",
    stoppedBy: { namespaces: true, landlock: 1, seccomp: true },
    run: ({ folder }) => fails("unlink", address(text(`${folder}/there`))),
  },
  {
    name: "learn whether a file is there",
    stoppedBy: { namespaces: true, seccomp: true },
    run: ({ file }) => fails("access", address(text(file)), 0),
  },
  {
    name: "make a device node",
    stoppedBy: { privileges: true, namespaces: true, landlock: 1, seccomp: true },
    run: ({ folder }) => fails("mknodat", AT_FDCWD, address(text(`${folder}/kmem`)), 0o020600, 0x102),
  },
];
