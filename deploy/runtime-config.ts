/**
 * The bundle's config.json, for any runtime of the Open Container Initiative (runtime-spec, config.md and
 * config-linux.md). It gives a container less than engines usually do, since volt needs no more: no capability, no device
 * but /dev/kvm, a root that can't be written.
 */
import { imageSettings } from "./image.ts";

export interface ContainerOptions {
  /** The image's root folder: an absolute path, or one below the bundle. */
  readonly root: string;
  /** Behind the entrypoint: flags of `volt run`, and what the guest runs. */
  readonly args?: readonly string[];
  /** Added to the image's. */
  readonly env?: Readonly<Record<string, string>>;
  /** memory.max, in MiB. */
  readonly memoryMib?: number;
  /** Who volt is, and whom /dev/kvm belongs to. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly seccomp?: object;
}

const KVM = { type: "c", major: 10, minor: 232 };
const NO_PRIVILEGES = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };
const DATA = ["nosuid", "nodev", "noexec"];
/** What every engine hides of the kernel's own. */
const MASKED = ["acpi", "kcore", "keys", "latency_stats", "timer_list", "sched_debug", "scsi"];
const READ_ONLY = ["bus", "fs", "irq", "sys", "sysrq-trigger"];

export function runtimeConfig({ root, args = [], env = {}, memoryMib, user, seccomp }: ContainerOptions): object {
  const image = imageSettings();
  const owner = user ?? { uid: 0, gid: 0 };
  const variables = Object.entries({ ...image.env, ...env }).map(([name, value]) => `${name}=${value}`);
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: owner,
      args: [...image.entrypoint, ...args],
      env: variables,
      cwd: "/",
      capabilities: NO_PRIVILEGES,
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 4096, soft: 4096 }],
      noNewPrivileges: true,
    },
    root: { path: root, readonly: true },
    hostname: "volt",
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=1m"] },
      { destination: "/sys", type: "sysfs", source: "sysfs", options: [...DATA, "ro"] },
      // The limit on memory is read there.
      { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: [...DATA, "ro"] },
      // Empty at each start: the API's socket of the last one is gone.
      { destination: "/run", type: "tmpfs", source: "tmpfs", options: [...DATA, "mode=1777", "size=1m"] },
    ],
    linux: {
      devices: [{ ...KVM, path: "/dev/kvm", fileMode: 0o660, ...owner }],
      resources: {
        devices: [
          { allow: false, access: "rwm" },
          { allow: true, ...KVM, access: "rw" },
        ],
        ...(memoryMib === undefined ? {} : { memory: { limit: memoryMib * 2 ** 20 } }),
      },
      namespaces: ["pid", "network", "ipc", "uts", "mount", "cgroup"].map((type) => ({ type })),
      maskedPaths: [...MASKED.map((name) => `/proc/${name}`), "/sys/firmware"],
      readonlyPaths: READ_ONLY.map((name) => `/proc/${name}`),
      ...(seccomp === undefined ? {} : { seccomp }),
    },
  };
}
