// Debian packages that volt's scripts and tests need: what is missing is installed. On plain node, as everything before Bun
// is there. What each package is for is in docs/dependencies.md. The file tells whether it is there.
//
//     node scripts/debian-packages.mjs NAME...
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What every script needs. */
export const PACKAGES = {
  gcc: "/usr/bin/gcc",
  "libc6-dev": "/usr/include/stdio.h",
  "linux-libc-dev": "/usr/include/linux/kvm.h",
  "busybox-static": "/bin/busybox",
  bc: "/usr/bin/bc",
  binutils: "/usr/bin/ld",
  bison: "/usr/bin/bison",
  bzip2: "/usr/bin/bzip2",
  flex: "/usr/bin/flex",
  "libelf-dev": "/usr/include/libelf.h",
  make: "/usr/bin/make",
  cpio: "/usr/bin/cpio",
  kmod: "/usr/bin/lsmod",
  lz4: "/usr/bin/lz4",
  "xz-utils": "/usr/bin/xz",
  zstd: "/usr/bin/zstd",
  "qemu-system-x86": "/usr/bin/qemu-system-x86_64",
  "acpica-tools": "/usr/bin/iasl",
  runc: "/usr/sbin/runc",
  "golang-github-containers-common": "/usr/share/containers/seccomp.json",
  systemd: "/usr/bin/systemd-analyze",
  "util-linux": "/usr/bin/setpriv",
  iproute2: "/usr/sbin/ip",
  curl: "/usr/bin/curl",
  "python3-requests-unixsocket": "/usr/lib/python3/dist-packages/requests_unixsocket/__init__.py",
};

/** What a single test needs, and asks for itself: too much for everybody. */
const FURTHER = {
  chromium: "/usr/bin/chromium",
  nftables: "/usr/sbin/nft",
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = Object.entries({ ...PACKAGES, ...FURTHER }).filter(([name]) => process.argv.includes(name));
  try {
    installMissing(Object.fromEntries(wanted));
  } catch (error) {
    process.stderr.write(`volt: ${error.message}\n`);
    process.exit(1);
  }
}

/** Throws with what to do when that can't be. */
export function installMissing(packages) {
  const missing = Object.keys(packages).filter((name) => !existsSync(join("/", packages[name])));
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid() !== 0) throw new Error(`Debian packages are missing: sudo ${command}`);
  process.stderr.write(`volt: installing Debian packages: ${missing.join(" ")}\n`);
  // A new machine's lists may be empty or old; an update that fails shows in the install.
  run("apt-get", ["update", "-q"]);
  const install = run("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...missing]);
  if (install.status === 0) return;
  process.stderr.write(`${install.stdout ?? ""}${install.stderr ?? ""}`);
  throw new Error(`${command} failed`);
}

function run(program, args) {
  return spawnSync(program, args, { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, encoding: "utf8" });
}
