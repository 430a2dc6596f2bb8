// The first step of every npm script, on plain node: a fresh clone on a Debian machine has neither Bun nor packages.
// Installs what is missing, then runs the script named by the first argument with Bun.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What each Debian package is for is in docs/dependencies.md. The file tells whether it is there. */
const PACKAGES = {
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

installDebianPackages();
installNodePackages();
run();

function installDebianPackages() {
  const missing = Object.keys(PACKAGES).filter((name) => !existsSync(join("/", PACKAGES[name])));
  if (missing.length === 0) return;
  const isRoot = process.getuid() === 0;
  const command = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (!isRoot) fail(`Debian packages are missing: sudo ${command}`);
  say(`installing Debian packages: ${missing.join(" ")}`);
  // A new machine's lists may be empty or old; an update that fails shows in the install.
  quietly("apt-get", ["update", "-q"], { ignore: true });
  quietly("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...missing]);
}

/** `npm ci` when node_modules does not match the lock file (npm keeps a copy of it inside). */
function installNodePackages() {
  const locked = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const inside = join(root, "node_modules/.package-lock.json");
  const installed = existsSync(inside) ? JSON.parse(readFileSync(inside, "utf8")).packages : {};
  const isThere = (name) => locked[name].optional || installed[name]?.version === locked[name].version;
  if (
    Object.keys(locked)
      .filter((name) => name !== "")
      .every(isThere)
  )
    return;
  say("installing npm packages from the lock file");
  quietly("npm", ["ci", "--no-audit", "--no-fund"]);
}

function run() {
  const bun = findBun();
  const [script, ...args] = process.argv.slice(2);
  const env = { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}` };
  const result = spawnSync(bun, [join(root, script), ...args], { stdio: "inherit", env });
  if (result.error) fail(`${bun}: ${result.error.message}`);
  process.exit(result.status ?? 128);
}

/** npm may not have been allowed to run Bun's install script, which puts the program in place. */
function findBun() {
  const bun = join(root, "node_modules/bun/bin/bun.exe");
  if (works(bun)) return bun;
  quietly(process.execPath, [join(root, "node_modules/bun/install.js")]);
  if (!works(bun)) fail("Bun does not run here: it needs x86-64 Linux with glibc");
  return bun;
}

function works(program) {
  return existsSync(program) && spawnSync(program, ["--version"]).status === 0;
}

/** Runs a command and shows what it printed only if it failed. */
function quietly(program, args, { ignore = false } = {}) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const result = spawnSync(program, args, { cwd: root, env, encoding: "utf8" });
  if (result.status === 0 || ignore) return;
  process.stderr.write(`${result.stdout ?? ""}${result.stderr ?? ""}`);
  fail(`${program} ${args.join(" ")} failed`);
}

function say(text) {
  process.stderr.write(`volt: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
