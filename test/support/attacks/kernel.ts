/** Attacks on the host's kernel, and with what it offers. */
import type { Attack } from "./attack.ts";
import { past } from "./attacker.ts";

const AT_FDCWD = -100;
const CLONE_NEWNS = 0x20000;
const TIOCSTI = 0x5412;
const KVM_CREATE_DEVICE = 0xc00c_aee0;
const PROT_ALL = 7;
const ENOEXEC = 8;
const EBADF = 9;
const EFAULT = 14;
const EBUSY = 16;
const EINVAL = 22;
const ENOTTY = 25;

export const KERNEL_ATTACKS: readonly Attack[] = [
  {
    name: "mount",
    stoppedBy: { privileges: true, seccomp: true },
    run: (by) => by.fails("mount", by.text("none"), by.text("/proc"), by.text("tmpfs"), 0, 0),
  },
  {
    name: "unshare its mounts",
    stoppedBy: { privileges: true, seccomp: true },
    run: (by) => by.fails("unshare", CLONE_NEWNS),
  },
  {
    name: "enter another namespace",
    stoppedBy: { privileges: true, seccomp: true },
    run: (by) => by.fails("setns", by.call("openat", AT_FDCWD, by.text("/proc/self/ns/mnt"), 0), 0),
  },
  {
    name: "change the root",
    stoppedBy: { privileges: true, seccomp: true },
    run: (by) => by.fails("chroot", by.text("/")),
  },
  {
    name: "pivot the root",
    stoppedBy: { privileges: true, seccomp: true },
    run: (by) => past(by.fails("pivot_root", by.text("/"), by.text("/")), EINVAL, EBUSY),
  },
  { name: "read the keyring", stoppedBy: { seccomp: true }, run: (by) => by.fails("keyctl", 0, -3, 1) },
  {
    name: "load a BPF program",
    stoppedBy: { seccomp: true },
    run: (by) => past(by.fails("bpf", 0, by.address(new Uint32Array([2, 4, 4, 1, 0, 0, 0, 0, 0, 0])), 40), EINVAL),
  },
  {
    name: "watch the host by perf_event_open",
    stoppedBy: { seccomp: true },
    run: (by) => {
      const attributes = new Uint32Array([1, 112, ...new Array<number>(26).fill(0)]);
      return by.fails("perf_event_open", by.address(attributes), -1, 0, -1, 0);
    },
  },
  { name: "catch page faults", stoppedBy: { seccomp: true }, run: (by) => by.fails("userfaultfd", 0) },
  {
    name: "make an io_uring",
    stoppedBy: { seccomp: true },
    run: (by) => by.fails("io_uring_setup", 1, by.address(new Uint8Array(120))),
  },
  {
    name: "load a kernel module",
    stoppedBy: { privileges: true, seccomp: true },
    run: (by) => past(by.fails("init_module", 0, 0, 0), EFAULT, ENOEXEC),
  },
  {
    name: "load another kernel",
    stoppedBy: { privileges: true, seccomp: true },
    run: (by) => past(by.fails("kexec_load", 0, 0, 0, 0xffff), EINVAL),
  },
  {
    name: "type into a terminal",
    stoppedBy: { seccomp: true },
    run: (by) => past(by.fails("ioctl", 1, TIOCSTI, by.text("x")), ENOTTY),
  },
  {
    name: "make a KVM request that volt does not know",
    stoppedBy: { seccomp: true },
    run: (by) => past(by.fails("ioctl", -1, KVM_CREATE_DEVICE, 0), EBADF),
  },
  {
    name: "make memory executable",
    stoppedBy: { seccomp: true },
    run: (by) => by.fails("mprotect", by.memory, 4096, PROT_ALL),
  },
  {
    name: "make an executable file in memory",
    stoppedBy: { seccomp: true },
    run: (by) => by.fails("memfd_create", by.text("x"), 0),
  },
];
