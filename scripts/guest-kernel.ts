/** The stock guest: Debian's cloud kernel, unpacked into a kernel store below dist/. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEBIAN_MODULES, guestModules } from "../guest/modules.ts";
import { payloadCompression } from "../src/boot/bzimage.ts";
import { parseKernel } from "../src/boot/kernel.ts";
import { bytesSource } from "../src/boot/source.ts";
import { debianCloudKernel } from "../test/testbed/kernel.ts";

const STORE = join(import.meta.dirname, "../dist/store");
const NAME = "debian-cloud";
/** Of the archive that guest/modules.ts makes. */
const MODULES_LAYOUT = 2;

/** The formats distributions pack their kernels with, and what unpacks each. */
const UNPACKERS: Readonly<Record<string, readonly string[]>> = {
  gzip: ["gzip", "-dc"],
  xz: ["xz", "-dc"],
  lzma: ["xz", "--format=lzma", "-dc"],
  zstd: ["zstd", "-dc"],
  lz4: ["lz4", "-dc"],
  bzip2: ["bzip2", "-dc"],
};

export interface StockKernel {
  /** VOLT_HOME. */
  readonly store: string;
  /** Its name there, which is also the default. */
  readonly name: string;
  readonly vmlinux: string;
  /** As the package has it. */
  readonly bzImage: string;
  readonly modules: string;
  /** As `uname -r` says it. */
  readonly version: string;
}

/** Downloads the kernel's package with apt and unpacks it, the first time; later it is just there. */
export async function stockKernel(): Promise<StockKernel> {
  const { version, vmlinuz, root } = await debianCloudKernel();
  const folder = join(STORE, "kernels", NAME);
  const found = {
    store: STORE,
    name: NAME,
    bzImage: vmlinuz,
    version,
    vmlinux: join(folder, "vmlinux"),
    modules: join(folder, "modules.cpio"),
  };
  // What it was made of: another kernel or another list of modules makes it anew.
  const made = `${version}\n${MODULES_LAYOUT}\n${DEBIAN_MODULES.join(" ")}\n`;
  if (readIfThere(join(folder, "made-of")) === made) return found;
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  writeFileSync(join(draft, "vmlinux"), unpackVmlinux(vmlinuz));
  writeFileSync(join(draft, "modules.cpio"), guestModules(root, DEBIAN_MODULES));
  writeFileSync(join(draft, "made-of"), made);
  rmSync(folder, { recursive: true, force: true });
  renameSync(draft, folder);
  writeFileSync(join(STORE, "kernels/default"), `${NAME}\n`);
  return found;
}

/** The ELF file inside a bzImage. */
function unpackVmlinux(path: string): Uint8Array {
  const source = bytesSource(path, readFileSync(path));
  const image = parseKernel(source, { lowest: 0x10_0000, highest: Number.MAX_SAFE_INTEGER });
  if (image.format !== "bzimage") throw new Error(`${path} is no bzImage`);
  const compression = payloadCompression(source, image);
  const command = UNPACKERS[compression ?? ""];
  if (!command) throw new Error(`${path} is packed in a way nothing here unpacks (${compression ?? "unknown"})`);
  // The last four bytes are the unpacked size (Documentation/x86/boot.rst, payload_length): not part of the stream.
  const payload = source.read(image.payloadOffset, image.payloadLength - (compression === "gzip" ? 0 : 4));
  const { stdout, exitCode, stderr } = Bun.spawnSync([...command], { stdin: payload, maxBuffer: 2 ** 30 });
  if (stdout.length === 0) throw new Error(`${command[0]} failed (${exitCode}) on ${path}: ${stderr}`);
  return stdout;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

if (import.meta.main) console.log(await stockKernel());
