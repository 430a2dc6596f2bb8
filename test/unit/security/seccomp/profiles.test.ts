import { describe, expect, test } from "bun:test";
import { Errno } from "../../../../ffi/error.ts";
import { Ioctl } from "../../../../ffi/kvm/ioctls.ts";
import { allSystemCalls, systemCallNumber } from "../../../../ffi/system-calls.ts";
import { parseConfig } from "../../../../src/config/parse.ts";
import { deviceKinds, deviceRules } from "../../../../src/devices/virtio/registry.ts";
import { assemble } from "../../../../src/security/seccomp/assemble.ts";
import { type Profiles, profiles } from "../../../../src/security/seccomp/profiles.ts";
import { verdict } from "../../../support/bpf.ts";

const PID = 4242;
const PROT_EXEC = 4;

async function machine(given: object, hasApi = false): Promise<Profiles> {
  const config = parseConfig(given, "");
  return profiles(PID, deviceRules(await deviceKinds(config), config, hasApi));
}

const PLAIN = await machine({ entropy: {} });
const DISK = await machine({ drives: [{ drive_id: "d", path_on_host: "d" }] });
const LIVE_DISK = await machine({ drives: [{ drive_id: "d", path_on_host: "d" }] }, true);
const SYNC_DISK = await machine({ drives: [{ drive_id: "d", path_on_host: "d", io_engine: "Sync" }] });

/** What all the filters of a thread say together: the strictest of them. */
function answer(from: Profiles, thread: "main" | "vcpu" | "bun", name: string, ...args: number[]) {
  const mine = thread === "bun" ? [from.common] : [from.common, from[thread]];
  const call = { number: systemCallNumber(name), args };
  const answers = mine.map((profile) => verdict(assemble(profile), call));
  return answers.find((one) => one === "trap") ?? answers.find((one) => one !== "allow") ?? "allow";
}

const THREADS = ["main", "vcpu", "bun"] as const;

describe.each(THREADS)("a thread (%s)", (thread) => {
  test.each([
    ...["execve", "execveat", "fork", "vfork", "ptrace", "process_vm_writev", "pidfd_getfd", "pidfd_open"],
    ...["socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "sendmsg", "sendto", "recvmsg"],
    ...["mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "move_mount", "open_tree", "fsopen"],
    ...["keyctl", "add_key", "request_key", "bpf", "perf_event_open", "userfaultfd", "kexec_load", "kexec_file_load"],
    ...["init_module", "finit_module", "delete_module", "reboot", "swapon", "acct", "iopl", "ioperm", "modify_ldt"],
    ...["setuid", "setgid", "setresuid", "setgroups", "capset", "personality", "memfd_create", "memfd_secret"],
    ...["unlink", "rename", "link", "symlink", "mkdir", "mknod", "chmod", "chown", "truncate", "utimensat"],
    ...["shmget", "msgget", "semget", "mq_open", "name_to_handle_at", "open_by_handle_at", "process_madvise"],
    ...["tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal", "landlock_create_ruleset"],
    ...["dup", "dup2", "dup3", "ioprio_set", "migrate_pages", "move_pages", "quotactl", "sethostname"],
  ])("%s ends volt", (name) => {
    expect(answer(PLAIN, thread, name)).toBe("trap");
  });

  test("makes threads, and no processes", () => {
    const glibcs = 0x3d_0f00;
    expect(answer(PLAIN, thread, "clone", glibcs)).toBe("allow");
    expect(answer(PLAIN, thread, "clone", 17)).toBe("trap");
    expect(answer(PLAIN, thread, "clone", glibcs | 0x1000_0000)).toBe("trap");
    expect(answer(PLAIN, thread, "clone3")).toBe(Errno.ENOSYS);
  });

  test("makes nothing executable", () => {
    for (const call of ["mmap", "mprotect"]) {
      expect(answer(PLAIN, thread, call, 0, 4096, 3)).toBe("allow");
      expect(answer(PLAIN, thread, call, 0, 4096, PROT_EXEC)).toBe("trap");
      expect(answer(PLAIN, thread, call, 0, 4096, 3 | PROT_EXEC)).toBe("trap");
    }
    expect(answer(PLAIN, thread, "pkey_mprotect")).toBe("trap");
  });

  test("opens nothing by name, and is told so", () => {
    const flags = { RDONLY: 0, CLOEXEC: 0o2000000, WRONLY: 1, RDWR: 2, CREAT: 0o100, TRUNC: 0o1000, PATH: 0o10000000 };
    for (const flag of Object.values(flags)) expect(answer(PLAIN, thread, "openat", -100, 0, flag)).toBe(Errno.EACCES);
    for (const call of ["open", "openat2", "creat"]) expect(answer(PLAIN, thread, call)).toBe(Errno.EACCES);
  });

  test("signals itself, nobody else", () => {
    expect(answer(PLAIN, thread, "tgkill", PID, PID + 1, 36)).toBe("allow");
    expect(answer(PLAIN, thread, "tgkill", 1, 1, 9)).toBe("trap");
    expect(answer(PLAIN, thread, "kill", 1, 19)).toBe("trap");
    expect(answer(PLAIN, thread, "kill", PID, 9)).toBe("trap");
    expect(answer(PLAIN, thread, "process_vm_readv", 1)).toBe("trap");
  });

  test("types nothing into a terminal, and makes no KVM request that volt does not know", () => {
    const requests = {
      TIOCSTI: 0x5412,
      TIOCSCTTY: 0x540e,
      KVM_CREATE_DEVICE: 0xc00c_aee0,
      FIONBIO: 0x5421,
      TUNSETIFF: 0x4004_54ca,
    };
    for (const request of Object.values(requests)) expect(answer(PLAIN, thread, "ioctl", 0, request)).toBe("trap");
  });

  test("has io_uring only where a disk uses it", () => {
    for (const from of [PLAIN, SYNC_DISK]) expect(answer(from, thread, "io_uring_setup")).toBe(Errno.EPERM);
  });

  test("has each call that none of its rules names trapped", () => {
    const mine = thread === "bun" ? [PLAIN.common] : [PLAIN.common, PLAIN[thread]];
    const named = mine.map(({ rules }) => new Set(rules.flatMap(({ calls }) => calls)));
    for (const name of allSystemCalls().keys()) {
      if (!named.every((names) => names.has(name))) expect([name, answer(PLAIN, thread, name)]).toEqual([name, "trap"]);
    }
  });
});

describe("a vCPU's thread", () => {
  test("runs its vCPU, interrupts it and asks for its state, and changes nothing else of the VM", () => {
    const allowed = Object.entries(Ioctl).filter(
      ([, request]) => answer(PLAIN, "vcpu", "ioctl", 0, request) === "allow",
    );
    const names = ["KVM_GET_REGS", "KVM_GET_SREGS", "KVM_IRQ_LINE", "KVM_KVMCLOCK_CTRL", "KVM_RUN", "KVM_TRANSLATE"];
    expect(allowed.map(([name]) => name).sort()).toEqual(names);
  });

  test("does no I/O by itself", () => {
    for (const call of ["pread64", "epoll_wait", "preadv2", "io_uring_enter", "fallocate"]) {
      expect(answer(DISK, "vcpu", call)).not.toBe("allow");
    }
  });
});

describe("the main thread", () => {
  test("raises interrupt lines once the VM runs, and makes no other KVM request", () => {
    const allowed = Object.entries(Ioctl).filter(([, request]) => answer(DISK, "main", "ioctl", 0, request) !== "trap");
    expect(allowed.map(([name]) => name)).toEqual(["KVM_IRQ_LINE"]);
  });

  test("serves disks where there are some, and sets up no ring any more", () => {
    expect(answer(DISK, "main", "io_uring_enter")).toBe("allow");
    expect(answer(DISK, "main", "io_uring_setup")).toBe(Errno.EPERM);
    expect(answer(SYNC_DISK, "main", "preadv2")).toBe("allow");
    expect(answer(PLAIN, "main", "preadv2")).toBe("trap");
    expect(answer(PLAIN, "main", "fallocate")).toBe("trap");
  });
});

test("a disk that may have another file opens it by its name, as it has its files, and nothing else of the ring changes", () => {
  const [PATH, RDWR] = [0o12000000, 0o2004202];
  for (const flags of [PATH, RDWR]) {
    expect(answer(LIVE_DISK, "main", "openat", -100, 0, flags)).toBe("allow");
    expect(answer(LIVE_DISK, "vcpu", "openat", -100, 0, flags)).toBe(Errno.EACCES);
    expect(answer(DISK, "main", "openat", -100, 0, flags)).toBe(Errno.EACCES);
  }
  const CREAT = 0o100;
  expect(answer(LIVE_DISK, "main", "openat", -100, 0, RDWR | CREAT)).toBe(Errno.EACCES);
  const [FILES, UNREGISTER_FILES, PROBE] = [2, 3, 8];
  for (const operation of [FILES, UNREGISTER_FILES]) {
    expect(answer(LIVE_DISK, "main", "io_uring_register", 0, operation)).toBe("allow");
    expect(answer(DISK, "main", "io_uring_register", 0, operation)).toBe(Errno.EPERM);
  }
  expect(answer(LIVE_DISK, "main", "io_uring_register", 0, PROBE)).toBe(Errno.EPERM);
});

describe("a network card", async () => {
  const TAP = { iface_id: "n", host_dev_name: "tap0" };
  const CARD = await machine({ "network-interfaces": [TAP] });
  const VHOST_CARD = await machine({ "network-interfaces": [{ ...TAP, vhost: true }] });
  const VHOST_SET_OWNER = 0xaf01;
  const TUNSETIFF = 0x4004_54ca;
  const TUNSETOFFLOAD = 0x4004_54d0;

  test("carries frames, and can't be made another interface's", () => {
    expect(answer(CARD, "main", "readv")).toBe("allow");
    expect(answer(CARD, "main", "ioctl", 0, TUNSETOFFLOAD)).toBe("allow");
    expect(answer(CARD, "main", "ioctl", 0, TUNSETIFF)).toBe("trap");
    expect(answer(CARD, "main", "ioctl", 0, VHOST_SET_OWNER)).toBe("trap");
  });

  test("with vhost leaves its frames to the kernel", () => {
    expect(answer(VHOST_CARD, "main", "ioctl", 0, VHOST_SET_OWNER)).toBe("allow");
    expect(answer(VHOST_CARD, "main", "readv")).toBe("trap");
  });

  test("is nothing to a machine without one", () => {
    expect(answer(PLAIN, "main", "ioctl", 0, TUNSETOFFLOAD)).toBe("trap");
    expect(answer(PLAIN, "main", "readv")).toBe("trap");
  });
});

describe("a vsock", async () => {
  const vsock = (rest: object) => machine({ vsock: { guest_cid: 3, ...rest } });
  const UNIX = await vsock({ uds_path: "v.sock" });
  const STREAM = 0o2004001;

  test("makes Unix sockets, and no others", () => {
    expect(answer(UNIX, "main", "socket", 1, STREAM, 0)).toBe("allow");
    for (const domain of [2, 10, 16, 17, 40]) expect(answer(UNIX, "main", "socket", domain, STREAM, 0)).toBe("trap");
    for (const call of ["connect", "accept4", "sendmsg", "readv"]) expect(answer(UNIX, "main", call)).toBe("allow");
    for (const call of ["bind", "listen", "socketpair"]) expect(answer(UNIX, "main", call)).toBe("trap");
  });

  test("of the host's kernel makes none at all", async () => {
    expect(answer(await vsock({ vhost: true }), "main", "socket", 1, STREAM, 0)).toBe("trap");
  });

  test("is the main thread's: a vCPU's has no part in it", () => {
    expect(answer(UNIX, "vcpu", "connect")).toBe("trap");
  });
});

test("every rule says why", () => {
  for (const { rules } of [DISK.common, DISK.main, DISK.vcpu]) {
    expect(rules.filter(({ why }) => why.length < 5)).toEqual([]);
  }
});
