/** A host on which everything is right, but for what a test says. */
import { Errno, SystemError } from "../../ffi/error.ts";
import type { CapName } from "../../ffi/kvm/ioctls.ts";
import type { Host, HostKvm } from "../../src/host/host.ts";

const FILES: Readonly<Record<string, string>> = {
  "/proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu vme vmx sse\n",
  "/proc/meminfo": "MemTotal:       2000000 kB\nMemAvailable:    1024000 kB\n",
  "/proc/self/status": "Name:\tvolt\n",
  "/proc/self/cgroup": "0::/user.slice/volt\n",
  "/proc/sys/user/max_user_namespaces": "1000\n",
  "/proc/sys/kernel/io_uring_disabled": "0\n",
  "/sys/fs/cgroup/cgroup.controllers": "cpu memory pids\n",
  "/sys/fs/cgroup/user.slice/volt/cgroup.controllers": "cpu io memory pids\n",
  "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages": "100\n",
  "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages": "64\n",
};

/**
 * @param files what differs from a good host's files; undefined takes one away
 * @param rest what else differs
 */
export function fakeHost(files: Readonly<Record<string, string | undefined>> = {}, rest: Partial<Host> = {}): Host {
  const all = { ...FILES, ...files };
  return {
    uid: 1000,
    read: (path) => all[path],
    isWritable: () => true,
    tryDevice: () => undefined,
    openKvm: () => fakeKvm(),
    landlockAbi: () => 7,
    checkSeccomp: () => undefined,
    checkIoUring: () => undefined,
    glibcVersion: () => "2.36",
    ...rest,
  };
}

/** A KVM that can do everything, but for what a test says. */
export function fakeKvm(rest: Partial<HostKvm> = {}): HostKvm {
  return {
    apiVersion: () => 12,
    capability: (_name: CapName) => 1,
    createVm: () => new DisposableStack(),
    [Symbol.dispose]: () => undefined,
    ...rest,
  };
}

/** A call that fails with this errno. */
export function failing(code: keyof typeof Errno, about = "a test"): () => never {
  return () => {
    throw new SystemError("call", Errno[code], about);
  };
}
