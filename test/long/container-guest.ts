/** A guest's root disk with Debian's runc in it, and a container for it with all that engines set. */
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { installPackage } from "../support/debian-packages.ts";
import { runTool } from "../testbed/tools.ts";

/** The container's files are the tree's own bundle; this is where the guest has it. */
export const BUNDLE = "/bundle";
export const MEMORY_MAX = 32 * 2 ** 20;
export const PIDS_MAX = 20;
/** What its filter refuses. */
export const REFUSED = "mkdirat";

const PROGRAMS = ["/usr/sbin/runc", "/usr/sbin/nft", "/usr/sbin/ip"];
const NAMESPACES = ["pid", "ipc", "uts", "mount", "network", "cgroup"];
/** Of those that docker leaves a container, what a shell as root needs. */
const CAPABILITIES = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_KILL",
  "CAP_NET_RAW",
  "CAP_MKNOD",
  "CAP_SETUID",
  "CAP_SETGID",
];

/**
 * Writes an ext4 image.
 * @param script what the container's shell runs
 * @param networkHook what runs in the guest once the container has its network namespace, as CNI's plugins do; the
 *   number of the container's first process is $pid
 */
export async function containerDisk(image: string, script: string, networkHook: string): Promise<void> {
  installPackage("nftables");
  const tree = `${image}.tree`;
  for (const folder of ["dev", "proc", "sys", "tmp", "run", "www"]) mkdirSync(join(tree, folder), { recursive: true });
  busyboxTree(tree);
  for (const program of PROGRAMS) await copyWithLibraries(program, tree);
  writeFileSync(join(tree, "www/index.html"), "from outside\n");
  const hook = [
    "#!/bin/sh",
    `pid=$(sed 's/.*"pid":\\([0-9]*\\).*/\\1/')`,
    "exec >/tmp/hook.log 2>&1",
    "set -e",
    networkHook,
  ];
  writeFileSync(join(tree, "hook"), `${hook.join("\n")}\n`, { mode: 0o755 });

  const rootfs = join(tree, BUNDLE, "rootfs");
  for (const folder of ["dev", "proc", "sys", "tmp"]) mkdirSync(join(rootfs, folder), { recursive: true });
  busyboxTree(rootfs);
  writeFileSync(join(tree, BUNDLE, "config.json"), JSON.stringify(containerConfig(script)));

  await runTool(["truncate", "-s", "64M", image], tree);
  await runTool(["/sbin/mkfs.ext4", "-q", "-d", tree, image], tree);
  rmSync(tree, { recursive: true });
}

/** As an engine writes it (the OCI runtime specification's config.json). */
function containerConfig(script: string): unknown {
  return {
    ociVersion: "1.0.2",
    hostname: "contained",
    root: { path: "rootfs", readonly: true },
    process: {
      args: ["sh", "-c", script],
      cwd: "/",
      env: ["PATH=/bin"],
      user: { uid: 0, gid: 0 },
      noNewPrivileges: true,
      capabilities: Object.fromEntries(["bounding", "effective", "permitted"].map((set) => [set, CAPABILITIES])),
    },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=65536k"] },
      { destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666"] },
      { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
      { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
      { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev", "ro"] },
      { destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev"] },
    ],
    hooks: { createRuntime: [{ path: "/hook" }] },
    linux: {
      namespaces: NAMESPACES.map((type) => ({ type })),
      maskedPaths: ["/proc/kcore", "/proc/keys"],
      readonlyPaths: ["/proc/sys"],
      seccomp: {
        defaultAction: "SCMP_ACT_ALLOW",
        architectures: ["SCMP_ARCH_X86_64"],
        syscalls: [{ names: ["mkdir", REFUSED], action: "SCMP_ACT_ERRNO", errnoRet: 1 }],
      },
      resources: {
        devices: [{ allow: false, access: "rwm" }],
        memory: { limit: MEMORY_MAX },
        pids: { limit: PIDS_MAX },
        cpu: { shares: 512, quota: 50_000, period: 100_000 },
      },
    },
  };
}

function busyboxTree(root: string): void {
  const bin = join(root, "bin");
  mkdirSync(bin, { recursive: true });
  cpSync("/bin/busybox", join(bin, "busybox"));
  const { stdout } = Bun.spawnSync(["/bin/busybox", "--list"]);
  for (const applet of stdout.toString().trim().split("\n"))
    if (applet !== "busybox") symlinkSync("busybox", join(bin, applet));
}

async function copyWithLibraries(program: string, root: string): Promise<void> {
  const libraries = (await runTool(["ldd", program], root)).match(/\/\S+/g) ?? [];
  for (const file of [program, ...libraries]) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    writeFileSync(join(root, file), readFileSync(file), { mode: 0o755 });
  }
}
