import { existsSync, readFileSync } from "node:fs";

/** The programs the nested machine is made of, and the Debian package that has each. */
const TOOLS = {
  qemu: { names: ["qemu-system-x86_64"], package: "qemu-system-x86" },
  virtiofsd: {
    names: ["virtiofsd", "/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd"],
    package: debianRelease().startsWith("12") ? "qemu-system-common" : "virtiofsd",
  },
  busybox: { names: ["busybox"], package: "busybox-static" },
  cpio: { names: ["cpio"], package: "cpio" },
  depmod: { names: ["depmod", "/sbin/depmod"], package: "kmod" },
  modprobe: { names: ["modprobe", "/sbin/modprobe"], package: "kmod" },
  gcc: { names: ["gcc"], package: "gcc libc6-dev" },
  dpkgDeb: { names: ["dpkg-deb"], package: "dpkg" },
  aptGet: { names: ["apt-get"], package: "apt" },
  aptCache: { names: ["apt-cache"], package: "apt" },
  setpriv: { names: ["setpriv"], package: "util-linux" },
};

export type Tools = Readonly<Record<keyof typeof TOOLS, string>>;

/** Paths of all of them. Throws one line that names every package that is missing. */
export function findTools(): Tools {
  const found: Record<string, string> = {};
  const missing = new Set<string>();
  for (const [key, { names, package: debianPackage }] of Object.entries(TOOLS)) {
    const path = names.map((name) => Bun.which(name) ?? (existsSync(name) ? name : null)).find((path) => path !== null);
    if (path) found[key] = path;
    else missing.add(debianPackage);
  }
  if (missing.size > 0) {
    throw new Error(
      `the nested machine needs Debian packages that are missing: apt-get install ${[...missing].join(" ")}`,
    );
  }
  return found as Tools;
}

function debianRelease(): string {
  return existsSync("/etc/debian_version") ? readFileSync("/etc/debian_version", "utf8") : "";
}

/**
 * Runs a tool to its end and returns its stdout.
 * Throws one line with what it complained about.
 */
export async function runTool(command: readonly string[], cwd: string): Promise<string> {
  const tool = Bun.spawn([...command], { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, status] = await Promise.all([tool.stdout.text(), tool.stderr.text(), tool.exited]);
  if (status !== 0)
    throw new Error(`${command.join(" ")} failed: ${stderr.trim().split("\n").at(-1) ?? `status ${status}`}`);
  return stdout;
}
