/** A kernel store for a test, and files to put into it. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Compression } from "../../../src/boot/compression.ts";
import { concat, u32, viewOf } from "../../../src/boot/pack.ts";
import { HEADER } from "../../../src/boot/setup-header.ts";
import { type AddedKernel, addKernel, type NewKernel } from "../../../src/kernels/add.ts";
import { storePaths } from "../../../src/kernels/paths.ts";
import { buildElf, bzImage, LINUX_NOTE, notes, PVH_NOTE, TEXT } from "../boot/fixtures.ts";

/** VOLT_HOME, gone at the end of its scope. */
export class Home implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "volt-home-"));
  readonly paths = storePaths(join(this.root, "home"));

  /** Writes a file beside the store. */
  write(name: string, contents: Uint8Array | string): string {
    const path = join(this.root, name);
    writeFileSync(path, contents);
    return path;
  }

  /** Adds a kernel that says it is version `name`. */
  add(name: string, more: Partial<NewKernel> = {}): AddedKernel {
    const file = this.write(`${name}.elf`, linux(name));
    return addKernel(this.paths, { name, file, from: { kind: "file", from: file }, sourceCode: "nowhere", ...more });
  }

  /** What a folder of the store holds. */
  list(folder: "kernels" | "objects" | "drafts" | "downloads"): string[] {
    try {
      return readdirSync(this.paths[folder]).sort();
    } catch {
      return [];
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A vmlinux in small that has a version banner, and zeros at its end. */
export function linux(version: string, size = 5000): Uint8Array {
  const text = new Uint8Array(size);
  text.fill(0x90, 0, size / 2);
  text.set(new TextEncoder().encode(`Linux version 6.1.0-${version} (somebody) `), 300);
  return buildElf(TEXT.address, [
    { address: TEXT.address, bytes: text, memorySize: Math.max(size, 0x4000) },
    notes(concat(LINUX_NOTE, PVH_NOTE)),
  ]);
}

const PACKERS: Readonly<Record<string, readonly string[]>> = {
  gzip: ["gzip", "-9nc"],
  xz: ["xz", "--check=crc32", "-c"],
  lzma: ["xz", "--format=lzma", "-c"],
  zstd: ["zstd", "-qc"],
  lz4: ["lz4", "-lqc"],
  bzip2: ["bzip2", "-c"],
};
export const COMPRESSIONS = Object.keys(PACKERS) as Compression[];

/** Compresses bytes as a kernel's Makefile does. */
export function pack(bytes: Uint8Array, compression: string): Uint8Array {
  const { stdout, success, stderr } = Bun.spawnSync([...PACKERS[compression]!], { stdin: bytes });
  if (!success) throw new Error(`${compression}: ${stderr}`);
  return stdout;
}

/** A bzImage with this vmlinux in it. */
export function bzImageOf(vmlinux: Uint8Array, compression: string): Uint8Array {
  const packed = pack(vmlinux, compression);
  const payload = compression === "gzip" ? packed : concat(packed, u32(vmlinux.length));
  return bzImageAround(payload);
}

/** A bzImage with any payload. */
export function bzImageAround(payload: Uint8Array): Uint8Array {
  const setup = bzImage().slice(0, 1024);
  const kernel = new Uint8Array(Math.ceil((0x100 + payload.length) / 16) * 16);
  kernel.set(payload, 0x100);
  const view = viewOf(setup);
  view.setUint32(HEADER.syssize, kernel.length / 16, true);
  view.setUint32(HEADER.payload_offset, 0x100, true);
  view.setUint32(HEADER.payload_length, payload.length, true);
  return concat(setup, kernel);
}
