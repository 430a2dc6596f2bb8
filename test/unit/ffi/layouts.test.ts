/** Every structure and number of the kernel ABI that ffi/ declares, against the headers of this system. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Layout } from "../../../ffi/abi.ts";
import { CAP, PR } from "../../../ffi/capabilities.ts";
import { EPOLL } from "../../../ffi/epoll.ts";
import { Errno } from "../../../ffi/error.ts";
import { O, STAT } from "../../../ffi/fd.ts";
import { SUPER_MAGIC } from "../../../ffi/file-system.ts";
import { IN } from "../../../ffi/inotify.ts";
import * as uring from "../../../ffi/io-uring/layouts.ts";
import { Exit } from "../../../ffi/kvm/exits.ts";
import * as ioctls from "../../../ffi/kvm/ioctls.ts";
import { RUN } from "../../../ffi/kvm/layouts.ts";
import { ACCESS_FS } from "../../../ffi/landlock.ts";
import { MADV, MAP, PROT } from "../../../ffi/memory.ts";
import { CLONE, MNT, MS, S } from "../../../ffi/namespaces.ts";
import { POLL } from "../../../ffi/poll.ts";
import { RLIMIT } from "../../../ffi/rlimit.ts";
import { Signal } from "../../../ffi/signal.ts";
import { SHUT } from "../../../ffi/socket.ts";
import { allSystemCalls } from "../../../ffi/system-calls.ts";
import { TUN_F, TunIoctl } from "../../../ffi/tap.ts";
import { UIO_MAXIOV } from "../../../ffi/uio.ts";
import { FALLOC_FL, RWF_NOWAIT } from "../../../ffi/vectored-io.ts";
import { VHOST_FILE_UNBIND, VhostIoctl } from "../../../ffi/vhost.ts";
import { filesUnder, ROOT, textOf } from "../../support/source-tree.ts";
import { askHeaders, type Question } from "./headers.ts";

const KVM = "linux/kvm.h";
const IO_URING = "linux/io_uring.h";
const { Ioctl, Cap, ...otherKvmConstants } = ioctls;

// EDGE reads better than the header's ET.
const { EDGE, ...epoll } = EPOLL;
const epollByHeaderName = { ...epoll, ET: EDGE };

const magicNumbers = Object.fromEntries(Object.entries(SUPER_MAGIC).map(([name, value]) => [`${name}_MAGIC`, value]));

/** Tables of numbers: the header that names them, what its names start with, and the numbers. */
const NUMBERS: readonly (readonly [header: string, prefix: string, numbers: Readonly<Record<string, number>>])[] = [
  ["fcntl.h", "O_", O],
  ["sys/mman.h", "PROT_", PROT],
  // <sys/mman.h> leaves out the MAP_HUGE sizes.
  ["linux/mman.h", "MAP_", MAP],
  ["linux/mman.h", "MADV_", MADV],
  ["errno.h", "", Errno],
  ["signal.h", "", Signal],
  ["sys/epoll.h", "EPOLL", epollByHeaderName],
  ["poll.h", "POLL", POLL],
  ["linux/if_tun.h", "", TunIoctl],
  ["linux/if_tun.h", "TUN_F_", TUN_F],
  ["linux/uio.h", "", { UIO_MAXIOV }],
  ["sys/socket.h", "SHUT_", SHUT],
  ["linux/falloc.h", "FALLOC_FL_", FALLOC_FL],
  ["linux/fs.h", "", { RWF_NOWAIT }],
  ["linux/magic.h", "", magicNumbers],
  ["sys/inotify.h", "IN_", IN],
  [IO_URING, "IORING_OP_", uring.RingOp],
  [IO_URING, "IORING_SETUP_", uring.IORING_SETUP],
  [IO_URING, "IORING_REGISTER_", uring.IORING_REGISTER],
  [IO_URING, "IORING_UNREGISTER_", uring.IORING_UNREGISTER],
  [IO_URING, "IORING_RESTRICTION_", uring.IORING_RESTRICTION],
  [IO_URING, "IOSQE_", uring.IOSQE],
  [IO_URING, "IORING_OFF_", uring.IORING_OFF],
  [IO_URING, "", { IORING_FSYNC_DATASYNC: uring.IORING_FSYNC_DATASYNC }],
  ["linux/vhost.h", "", VhostIoctl],
  ["linux/vhost.h", "", { VHOST_FILE_UNBIND }],
  [KVM, "", Exit],
  [KVM, "", Ioctl],
  [KVM, "", Cap],
  [KVM, "", otherKvmConstants],
  ["sys/syscall.h", "SYS_", Object.fromEntries(allSystemCalls())],
  ["linux/sched.h", "CLONE_", CLONE],
  ["linux/mount.h", "MS_", MS],
  ["sys/mount.h", "MNT_", MNT],
  ["sys/stat.h", "S_", S],
  ["sys/resource.h", "RLIMIT_", RLIMIT],
  ["linux/capability.h", "CAP_", CAP],
  ["linux/prctl.h", "PR_", PR],
  // The header of Linux 6.1 ends here.
  [
    "linux/landlock.h",
    "LANDLOCK_ACCESS_FS_",
    Object.fromEntries(ACCESS_FS.slice(0, 14).map((name, i) => [name, 1 << i])),
  ],
];

/** Numbers that modules of ffi/ keep to themselves, by the header that names them. */
const PRIVATE: readonly (readonly [file: string, header: string, names: readonly string[]])[] = [
  ["ffi/fd.ts", "fcntl.h", ["F_SETFD", "F_GETFL", "F_SETFL", "F_ADD_SEALS", "F_GET_SEALS", "FD_CLOEXEC"]],
  ["ffi/fd.ts", "sys/mman.h", ["MFD_CLOEXEC", "MFD_ALLOW_SEALING"]],
  ["ffi/clock.ts", "time.h", ["CLOCK_REALTIME", "CLOCK_MONOTONIC"]],
  ["ffi/crash-guard.ts", "sys/syscall.h", ["SYS_RT_SIGACTION"]],
  ["ffi/crash-guard.ts", "signal.h", ["SA_ONSTACK"]],
  ["ffi/epoll.ts", "sys/epoll.h", ["EPOLL_CLOEXEC"]],
  ["ffi/eventfd.ts", "sys/eventfd.h", ["EFD_CLOEXEC", "EFD_NONBLOCK"]],
  ["ffi/timerfd.ts", "sys/timerfd.h", ["CLOCK_MONOTONIC", "TFD_CLOEXEC", "TFD_NONBLOCK"]],
  ["ffi/signal.ts", "signal.h", ["SIG_BLOCK", "SIG_UNBLOCK"]],
  ["ffi/signal.ts", "sys/signalfd.h", ["SFD_NONBLOCK", "SFD_CLOEXEC"]],
  ["ffi/process.ts", "sys/syscall.h", ["SYS_GETTID", "SYS_TGKILL", "SYS_PIDFD_SEND_SIGNAL", "SYS_PIDFD_OPEN"]],
  ["ffi/process.ts", "errno.h", ["ESRCH"]],
  ["ffi/files.ts", "sys/syscall.h", ["SYS_GETDENTS64"]],
  ["ffi/host.ts", "sys/syscall.h", ["SYS_SECCOMP", "SYS_LANDLOCK_CREATE_RULESET"]],
  ["ffi/io-uring/setup.ts", "sys/syscall.h", ["SYS_IO_URING_SETUP", "SYS_IO_URING_ENTER", "SYS_IO_URING_REGISTER"]],
  ["ffi/vectored-io.ts", "sys/syscall.h", ["SYS_FDATASYNC", "SYS_FALLOCATE"]],
  ["ffi/block-device.ts", "sys/syscall.h", ["SYS_STATX"]],
  ["ffi/block-device.ts", "linux/stat.h", ["STATX_DIOALIGN"]],
  ["ffi/block-device.ts", "fcntl.h", ["AT_EMPTY_PATH"]],
  ["ffi/block-device.ts", "unistd.h", ["SEEK_END"]],
  ["ffi/block-device.ts", "linux/fs.h", ["BLKSSZGET", "BLKPBSZGET", "BLKDISCARD"]],
  ["ffi/file-lock.ts", "fcntl.h", ["F_OFD_SETLK", "F_RDLCK", "F_WRLCK"]],
  ["ffi/inotify.ts", "sys/syscall.h", ["SYS_INOTIFY_ADD_WATCH", "SYS_INOTIFY_INIT1", "SYS_INOTIFY_RM_WATCH"]],
  ["ffi/inotify.ts", "sys/inotify.h", ["IN_CLOEXEC", "IN_NONBLOCK"]],
  ["ffi/close-range.ts", "linux/close_range.h", ["CLOSE_RANGE_CLOEXEC"]],
  ["ffi/capabilities.ts", "linux/capability.h", ["_LINUX_CAPABILITY_VERSION_3"]],
  [
    "ffi/capabilities.ts",
    "linux/securebits.h",
    [
      ...["SECBIT_NOROOT", "SECBIT_NOROOT_LOCKED", "SECBIT_NO_SETUID_FIXUP", "SECBIT_NO_SETUID_FIXUP_LOCKED"],
      ...["SECBIT_KEEP_CAPS_LOCKED", "SECBIT_NO_CAP_AMBIENT_RAISE", "SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED"],
    ],
  ],
  [
    "ffi/namespaces.ts",
    "linux/mount.h",
    ["MOUNT_ATTR_RDONLY", "MOUNT_ATTR_NOSUID", "MOUNT_ATTR_NODEV", "MOUNT_ATTR_NOEXEC"],
  ],
  ["ffi/seccomp/filter.ts", "sys/syscall.h", ["SYS_SECCOMP"]],
  ["ffi/seccomp/filter.ts", "linux/seccomp.h", ["SECCOMP_SET_MODE_FILTER", "SECCOMP_FILTER_FLAG_TSYNC"]],
  ["ffi/seccomp/trap.ts", "signal.h", ["SIGSYS", "SA_SIGINFO", "SA_ONSTACK", "SA_NODEFER"]],
  ["ffi/host.ts", "linux/landlock.h", ["LANDLOCK_CREATE_RULESET_VERSION"]],
  ["ffi/host.ts", "linux/seccomp.h", ["SECCOMP_GET_ACTION_AVAIL", "SECCOMP_RET_KILL_PROCESS"]],
  ["ffi/host.ts", "linux/prctl.h", ["PR_GET_SECCOMP"]],
  ["ffi/process.ts", "linux/prctl.h", ["PR_SET_NAME"]],
  ["ffi/tap.ts", "linux/if_tun.h", ["IFF_TAP", "IFF_NO_PI", "IFF_VNET_HDR", "IFF_MULTI_QUEUE", "IFF_ATTACH_QUEUE"]],
  ["ffi/tap.ts", "linux/if_tun.h", ["IFF_DETACH_QUEUE"]],
  ["ffi/tap.ts", "linux/sockios.h", ["SIOCGIFINDEX"]],
  ["ffi/tap.ts", "sys/socket.h", ["AF_INET", "SOCK_DGRAM", "SOCK_CLOEXEC"]],
  [
    "ffi/socket.ts",
    "sys/socket.h",
    ["AF_UNIX", "SOCK_STREAM", "SOCK_NONBLOCK", "SOCK_CLOEXEC", "MSG_PEEK", "MSG_DONTWAIT", "MSG_NOSIGNAL"],
  ],
  ["ffi/terminal.ts", "sys/ioctl.h", ["TCGETS", "TCSETS", "TIOCGWINSZ"]],
];

const layouts = await declaredLayouts();
const facts = askHeaders([
  ...layouts.flatMap(questionsAbout),
  ...NUMBERS.flatMap(([header, prefix, numbers]) =>
    Object.keys(numbers).map((name) => ({ header, name: `${prefix}${name}`, expression: `${prefix}${name}` })),
  ),
  // System call numbers are lower case in C.
  ...PRIVATE.flatMap(([, header, names]) =>
    names.map((name) => ({
      header,
      name,
      expression: name.replace(/^SYS_.*/, (call) => `SYS_${call.slice(4).toLowerCase()}`),
    })),
  ),
]);

test("every layout of ffi/ is found", () => {
  expect(layouts).toContain(RUN);
  expect(layouts).toContain(STAT);
});

describe("structures have the headers' size, offsets and widths", () => {
  test.each(layouts.map((of) => [of.type, of] as const))("%s", (_, of) => {
    const declared = { size: of.size, fields: of.fields };
    const fields = Object.keys(of.fields).map((field) => [
      field,
      { offset: fact(offsetQuestion(of, field)), bytes: fact(widthQuestion(of, field)) },
    ]);
    expect(declared).toEqual({ size: fact(sizeQuestion(of)), fields: Object.fromEntries(fields) });
  });
});

describe("numbers are the headers'", () => {
  test.each(
    NUMBERS.map(
      ([header, prefix, numbers]) => [`${prefix}${Object.keys(numbers)[0]}`, header, prefix, numbers] as const,
    ),
  )("%s and its like in <%s>", (_, _header, prefix, numbers) => {
    const real = Object.keys(numbers).map((name) => [name, Number(facts.get(`${prefix}${name}`))]);
    expect(numbers).toEqual(Object.fromEntries(real));
  });
});

describe("numbers that a module keeps to itself are the headers'", () => {
  test.each(PRIVATE)("%s, from <%s>", (file, _, names) => {
    const text = textOf(file);
    const declared = names.map((name) => [
      name,
      new RegExp(`^(?:export )?const ${name} = (\\w+);`, "m").exec(text)?.[1],
    ]);
    expect(declared.map(([name, number]) => [name, Number(number?.replace(/(?<=.)_/g, ""))])).toEqual(
      names.map((name) => [name, Number(facts.get(name))]),
    );
  });
});

test("a wrong layout is caught", () => {
  const [real] = [...askHeaders([{ header: KVM, name: "size", expression: "sizeof(struct kvm_regs)" }]).values()];
  expect(real).toBe(144n);
  expect(() => askHeaders([{ header: KVM, name: "x", expression: "sizeof(struct kvm_nonsense)" }])).toThrow(
    "kvm_nonsense",
  );
});

/** What every module under ffi/ exports and looks like a `Layout`. */
async function declaredLayouts(): Promise<Layout[]> {
  const modules = await Promise.all(filesUnder("ffi", ".ts").map((file) => import(join(ROOT, file))));
  return [...new Set(modules.flatMap((module) => Object.values(module).filter(isLayout)))];
}

function isLayout(value: unknown): value is Layout {
  return typeof value === "object" && value !== null && "type" in value && "header" in value && "fields" in value;
}

function questionsAbout(of: Layout): Question[] {
  const fields = Object.keys(of.fields).flatMap((field) => [offsetQuestion(of, field), widthQuestion(of, field)]);
  return [sizeQuestion(of), ...fields];
}

function sizeQuestion(of: Layout): Question {
  return question(of, `sizeof(${of.type})`);
}

function offsetQuestion(of: Layout, field: string): Question {
  return question(of, `offsetof(${of.type}, ${field})`);
}

function widthQuestion(of: Layout, field: string): Question {
  return question(of, `sizeof(((${of.type} *)0)->${field})`);
}

function question({ header }: Layout, expression: string): Question {
  return { header, name: expression, expression };
}

function fact({ name }: Question): number {
  return Number(facts.get(name));
}
