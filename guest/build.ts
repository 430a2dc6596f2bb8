/**
 * Builds the guest's side: two static programs from C, and the initramfs volt boots when it is given none.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cpio } from "../src/boot/cpio.ts";
import { baseEntries } from "./base-entries.ts";

export interface GuestPrograms {
  readonly init: string;
  readonly voltExit: string;
}

const SOURCE = import.meta.dirname;
const BUSYBOX = "/bin/busybox";

/** No C library (see lib/sys.h); nothing in the output that differs between two builds. */
const FLAGS = [
  "-std=gnu11 -Os -Wall -Wextra -ffreestanding -fno-stack-protector -fno-pic",
  "-fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns -ffunction-sections",
  "-static -nostdlib -no-pie -s -Wl,--build-id=none,--gc-sections,-z,noexecstack,-z,norelro,-z,noseparate-code",
].flatMap((line) => line.split(" "));

/**
 * Compiles `init` and `volt-exit` into `outDir`, unless what is there came from the same sources and flags.
 * @throws Error when gcc or the kernel's headers are missing, or the sources do not compile.
 */
export function buildGuest(outDir: string): GuestPrograms {
  const programs = { init: join(outDir, "init"), voltExit: join(outDir, "volt-exit") };
  const lib = librarySources();
  const stampFile = join(outDir, "guest.stamp");
  const stamp = fingerprint([...lib, ...sources("init", ".c"), ...sources("init", ".h"), ...sources("lib", ".h")]);
  if (existsSync(programs.init) && existsSync(programs.voltExit) && readIfThere(stampFile) === stamp) return programs;

  mkdirSync(outDir, { recursive: true });
  compile(programs.init, [...sources("init", ".c"), ...lib]);
  compile(programs.voltExit, [join(SOURCE, "volt-exit.c"), ...lib]);
  writeFileSync(stampFile, stamp);
  return programs;
}

/**
 * Writes volt's own initramfs: guest init, volt-exit, BusyBox with its links, a few files of /etc. Uncompressed, so
 * that it can be mapped into guest memory as it is; the same inputs give the same bytes.
 * @throws Error when BusyBox is missing or not static.
 */
export function baseInitramfs(outFile: string): void {
  const programs = buildGuest(dirname(outFile));
  const archive = cpio(
    baseEntries({
      init: readFileSync(programs.init),
      voltExit: readFileSync(programs.voltExit),
      busybox: readBusybox(),
      applets: busyboxApplets(),
    }),
  );
  writeFileSync(`${outFile}.new`, archive);
  renameSync(`${outFile}.new`, outFile); // never half an archive under this name
}

/** What every program of the guest's is linked with: `lib/`. */
export function librarySources(): string[] {
  return sources("lib", ".c");
}

function sources(folder: string, ending: string): string[] {
  const names = readdirSync(join(SOURCE, folder)).filter((name) => name.endsWith(ending));
  return names.sort().map((name) => join(SOURCE, folder, name));
}

function fingerprint(files: readonly string[]): string {
  const hash = createHash("sha256").update(FLAGS.join(" "));
  for (const file of [...files, join(SOURCE, "volt-exit.c")])
    hash.update(file.slice(SOURCE.length)).update(readFileSync(file));
  return hash.digest("hex");
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/**
 * A static program without a C library, for guests.
 * @throws Error with what gcc says
 */
export function compile(output: string, files: readonly string[]): void {
  if (Bun.which("gcc") === null || !existsSync("/usr/include/linux/reboot.h")) {
    throw new Error("guest init: gcc or the kernel's headers are missing: apt-get install gcc libc6-dev");
  }
  const gcc = Bun.spawnSync(["gcc", ...FLAGS, "-o", output, ...files], { stdout: "pipe", stderr: "pipe" });
  if (!gcc.success) throw new Error(`${output}: gcc failed:\n${gcc.stderr.toString()}`);
}

function readBusybox(): Uint8Array {
  if (!existsSync(BUSYBOX)) throw new Error(`${BUSYBOX} is missing: apt-get install busybox-static`);
  const program = readFileSync(BUSYBOX);
  // The path of the loader is in every dynamic program, and in no static one.
  if (program.includes("/lib64/ld-linux-x86-64.so.2\0")) {
    throw new Error(`${BUSYBOX} is not static, the guest has no libraries: apt-get install busybox-static`);
  }
  return program;
}

function busyboxApplets(): string[] {
  const list = Bun.spawnSync([BUSYBOX, "--list"], { stdout: "pipe", stderr: "pipe" });
  if (!list.success) throw new Error(`${BUSYBOX} --list failed: ${list.stderr.toString().trim()}`);
  return list.stdout.toString().trim().split("\n");
}
