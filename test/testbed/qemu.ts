import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cachedFolder } from "./cache.ts";
import { findTools, runTool } from "./tools.ts";

/**
 * Before this one, the processor that QEMU emulates changes its set of waiting interrupts without care for other threads that
 * change it at the same time. Interrupts are then lost, or come back from the dead: a guest goes on with the registers of the
 * nested machine's kernel or stands still, or that kernel itself panics.
 */
const GOOD_VERSION = 11;
/** What Debian has it in, with all libraries, for whatever Debian this is. */
const RELEASE = "trixie";
const PACKAGE = "qemu-system-x86";
const LIBRARIES = "usr/lib/x86_64-linux-gnu";

/** QEMU as words of a command: the installed one where it is new enough, else Debian's, unpacked but not installed. */
export async function nestedQemu(): Promise<readonly string[]> {
  const { qemu } = findTools();
  if ((await majorVersion([qemu])) >= GOOD_VERSION) return [qemu];
  try {
    const root = await cachedFolder(`qemu-${RELEASE}`, unpack);
    const loader = join(root, LIBRARIES, "ld-linux-x86-64.so.2");
    const data = ["qemu", "seabios"].flatMap((folder) => ["-L", join(root, "usr/share", folder)]);
    const unpacked = [
      loader,
      "--library-path",
      join(root, LIBRARIES),
      join(root, "usr/bin/qemu-system-x86_64"),
      ...data,
    ];
    if ((await majorVersion(unpacked)) >= GOOD_VERSION) return unpacked;
  } catch (error) {
    console.error(`nested machine: no newer QEMU (${(error as Error).message}): the installed one, which may crash`);
  }
  return [qemu];
}

async function majorVersion(qemu: readonly string[]): Promise<number> {
  const text = await runTool([...qemu, "--version"], "/");
  return Number(/version (\d+)/.exec(text)?.[1] ?? 0);
}

/**
 * The package and all that it needs, down to its C library: it runs beside whatever this machine has. By lists and a
 * status of packages of its own: what is installed here, and from where, stays as it is and does not matter.
 */
async function unpack(folder: string): Promise<void> {
  const { aptGet, dpkgDeb } = findTools();
  const apt = join(folder, "apt");
  const archives = join(apt, "cache/archives");
  for (const part of [join(apt, "lists/partial"), join(archives, "partial")]) await mkdir(part, { recursive: true });
  await writeFile(join(apt, "status"), "");
  await writeFile(join(apt, "sources.list"), await sources(aptGet, folder));
  const options = [
    ...["-q", "-y", "-o", `Dir::Etc::sourcelist=${apt}/sources.list`, "-o", "Dir::Etc::sourceparts=-"],
    ...[
      "-o",
      `Dir::State::lists=${apt}/lists`,
      "-o",
      `Dir::State::status=${apt}/status`,
      "-o",
      `Dir::Cache=${apt}/cache`,
    ],
    ...["-o", "APT::Sandbox::User=", "-o", "APT::Install-Recommends=false", "-o", "APT::Install-Suggests=false"],
  ];
  await runTool([aptGet, ...options, "update"], folder);
  await runTool([aptGet, ...options, "-t", `${RELEASE}-backports`, "--download-only", "install", PACKAGE], folder);
  for (const name of readdirSync(archives).filter((name) => name.endsWith(".deb"))) {
    await runTool([dpkgDeb, "-x", join(archives, name), "."], folder);
  }
  await rm(apt, { recursive: true });
}

/** The release and its backports, from wherever this machine gets its own. */
async function sources(aptGet: string, folder: string): Promise<string> {
  const osRelease = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const codename = /^VERSION_CODENAME=(\w+)/m.exec(osRelease)?.[1];
  const targets = await runTool([aptGet, "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)"], folder);
  const uri = targets
    .split("\n")
    .find((line) => line.endsWith(` ${codename} main`))
    ?.split(" ")[0];
  if (!codename || !uri) throw new Error("apt knows no release of Debian's");
  return [RELEASE, `${RELEASE}-backports`].map((suite) => `deb ${uri} ${suite} main\n`).join("");
}
