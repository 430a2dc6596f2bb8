import type { CpioEntry } from "../src/boot/cpio.ts";

export interface BaseFiles {
  readonly init: Uint8Array;
  readonly voltExit: Uint8Array;
  readonly busybox: Uint8Array;
  /** Names BusyBox answers to. */
  readonly applets: readonly string[];
}

/** `init` in BusyBox would be a second init, and `busybox` is the file itself. */
const NOT_LINKED = new Set(["busybox", "init", "linuxrc"]);

const FOLDERS = ["bin", "dev", "etc", "lib", "lib/modules", "mnt", "proc", "root", "run", "sbin", "sys", "tmp", "usr"];

const TEXTS: Readonly<Record<string, string>> = {
  "etc/group": "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
  "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
  "etc/profile": "export PS1='\\u@\\h:\\w\\$ '\n",
};

/** What is in volt's own initramfs. */
export function baseEntries(files: BaseFiles): CpioEntry[] {
  const entries: CpioEntry[] = FOLDERS.map((path) => ({ kind: "directory", path }));
  entries.push(
    { kind: "directory", path: "usr/bin" },
    { kind: "directory", path: "usr/sbin" },
    { kind: "file", path: "init", mode: 0o755, data: files.init },
    { kind: "file", path: "bin/volt-exit", mode: 0o755, data: files.voltExit },
    { kind: "file", path: "bin/busybox", mode: 0o755, data: files.busybox },
    // Where the kernel looks for it, when somebody mounts a file system whose driver is a module.
    { kind: "symlink", path: "sbin/modprobe", target: "../bin/busybox" },
    // Linux opens /dev/console for PID 1 before anything can be mounted there.
    { kind: "character device", path: "dev/console", mode: 0o600, major: 5, minor: 1 },
    { kind: "character device", path: "dev/null", mode: 0o666, major: 1, minor: 3 },
  );
  for (const [path, text] of Object.entries(TEXTS)) {
    entries.push({ kind: "file", path, data: new TextEncoder().encode(text) });
  }
  for (const applet of files.applets.filter((name) => !NOT_LINKED.has(name)).sort()) {
    entries.push({ kind: "symlink", path: `bin/${applet}`, target: "busybox" });
  }
  return entries;
}
