/** The compressions kernels come in. gzip and zstd are Bun's; for the others there are the host's own programs. */
import type { Compression } from "../../boot/compression.ts";
import { BootError, DAMAGED } from "../../boot/error.ts";

/** A vmlinux with debug information stays under this; what unpacks to more is an attack on memory. */
const UNPACKED_MAX = 512 * 2 ** 20;

interface Tool {
  readonly command: readonly [string, ...string[]];
  /** Debian's. */
  readonly package: string;
}

const TOOLS: Partial<Record<Compression, Tool>> = {
  xz: { command: ["xz", "-dc"], package: "xz-utils" },
  lzma: { command: ["xz", "--format=lzma", "-dc"], package: "xz-utils" },
  lz4: { command: ["lz4", "-dc"], package: "lz4" },
  bzip2: { command: ["bzip2", "-dc"], package: "bzip2" },
  lzo: { command: ["lzop", "-dc"], package: "lzop" },
};

/**
 * @param where the file, for messages
 * @param max bytes that may come out
 * @throws BootError when the bytes are damaged, become too many, or a program for them is missing
 */
export function decompress(where: string, bytes: Uint8Array, compression: Compression, max = UNPACKED_MAX): Uint8Array {
  const tool = TOOLS[compression];
  const unpacked = tool ? byTool(where, bytes, compression, tool, max) : byBun(where, bytes, compression, max);
  if (unpacked.length === 0) throw new BootError(where, `nothing comes out of its ${compression} data`, DAMAGED);
  return unpacked;
}

function byBun(where: string, bytes: Uint8Array, compression: Compression, max: number): Uint8Array {
  const { gunzipSync, zstdDecompressSync } = process.getBuiltinModule("node:zlib");
  try {
    return (compression === "gzip" ? gunzipSync : zstdDecompressSync)(bytes, { maxOutputLength: max });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(where, max);
    throw damaged(where, compression, error instanceof Error ? error.message : String(error));
  }
}

function byTool(where: string, bytes: Uint8Array, compression: string, tool: Tool, max: number): Uint8Array {
  const [name, ...args] = tool.command;
  const program = Bun.which(name);
  if (program === null) {
    throw new BootError(where, `it is compressed with ${compression}, and ${name} is not installed`, mend(tool));
  }
  const { stdout, stderr, success, exitedDueToMaxBuffer } = Bun.spawnSync([program, ...args], {
    stdin: bytes,
    stdout: "pipe",
    stderr: "pipe",
    maxBuffer: max,
  });
  if (exitedDueToMaxBuffer || stdout.length > max) throw tooLarge(where, max);
  if (!success) throw damaged(where, compression, stderr.toString().trim().split("\n").at(-1) ?? "");
  return stdout;
}

function mend({ package: name }: Tool): string {
  return `install it (apt-get install ${name}), or give the vmlinux`;
}

function tooLarge(where: string, max: number): BootError {
  return new BootError(where, `it unpacks to more than ${max} bytes`, "no kernel is that large: give a vmlinux");
}

function damaged(where: string, compression: string, reason: string): BootError {
  return new BootError(where, `it cannot be unpacked with ${compression} (${reason})`, DAMAGED);
}
