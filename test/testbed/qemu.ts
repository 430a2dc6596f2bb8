import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cachedFolder } from "./cache.ts";
import { findTools, runTool } from "./tools.ts";

/**
 * QEMU's emulation of SVM now and then mixes up a guest's state with the nested machine's own, whose kernel then panics.
 * From here on it does so less often than Debian 12's 7.2 does.
 */
const GOOD_VERSION = 10;
const PACKAGES = ["qemu-system-x86", "qemu-system-common", "qemu-system-data"];
/** The firmware is in packages of its own, which the installed QEMU has brought. */
const FIRMWARE = ["/usr/share/seabios", "/usr/share/qemu"];

/**
 * QEMU as words of a command: the installed one where it is new enough, else Debian's backport, unpacked but not installed,
 * else the installed one all the same.
 */
export async function nestedQemu(): Promise<readonly string[]> {
  const { qemu } = findTools();
  if ((await majorVersion([qemu])) >= GOOD_VERSION) return [qemu];
  try {
    const root = await cachedFolder("qemu", unpackBackport);
    const data = [join(root, "usr/share/qemu"), ...FIRMWARE].flatMap((folder) => ["-L", folder]);
    const backport = [join(root, "usr/bin/qemu-system-x86_64"), ...data];
    // It runs on the libraries that the installed one brought: where one is missing, this says so.
    if ((await majorVersion(backport)) >= GOOD_VERSION) return backport;
  } catch (error) {
    console.error(`nested machine: no newer QEMU (${(error as Error).message}): Debian's own, which may crash`);
  }
  return [qemu];
}

async function majorVersion(qemu: readonly string[]): Promise<number> {
  const text = await runTool([...qemu, "--version"], "/");
  return Number(/version (\d+)/.exec(text)?.[1] ?? 0);
}

/** With package lists of its own: what the machine has installed, and from where, stays as it is. */
async function unpackBackport(folder: string): Promise<void> {
  const tools = findTools();
  const apt = join(folder, "apt");
  for (const part of ["lists/partial", "cache/archives/partial"]) await mkdir(join(apt, part), { recursive: true });
  await writeFile(join(apt, "sources.list"), await backportsSource(tools.aptGet, folder));
  const options = [
    ...["-q", "-o", `Dir::Etc::sourcelist=${apt}/sources.list`, "-o", "Dir::Etc::sourceparts=-"],
    ...["-o", `Dir::State::lists=${apt}/lists`, "-o", `Dir::Cache=${apt}/cache`, "-o", "APT::Sandbox::User="],
  ];
  await runTool([tools.aptGet, ...options, "update"], folder);
  await runTool([tools.aptGet, ...options, "download", ...PACKAGES], folder);
  for (const archive of readdirSync(folder).filter((name) => name.endsWith(".deb"))) {
    await runTool([tools.dpkgDeb, "-x", archive, "."], folder);
    await rm(join(folder, archive));
  }
  await rm(apt, { recursive: true });
}

/** The backports of this release, from wherever this machine gets the release itself. */
async function backportsSource(aptGet: string, folder: string): Promise<string> {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const codename = /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1];
  const targets = await runTool([aptGet, "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)"], folder);
  const uri = targets
    .split("\n")
    .find((line) => line.endsWith(` ${codename} main`))
    ?.split(" ")[0];
  if (!codename || !uri) throw new Error("apt knows no release of Debian's");
  return `deb ${uri} ${codename}-backports main\n`;
}
