/** What is given as kernel, initrd and outputs: each wrong thing is named, with what to do, and nothing hangs. */
import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { u64 } from "../../../src/boot/pack.ts";
import { buildElf, bzImage, EHDR, PHDR, patched, phdr, TEXT, vmlinux } from "../../unit/boot/fixtures.ts";
import { END, exitStatus, tinyKernel } from "./tiny-kernel.ts";
import { Folder, failure, VOLT, volt } from "./volt.ts";

/** A folder with one of each that is no regular file with something in it. */
function strangeFiles(): Folder {
  const folder = new Folder();
  Bun.spawnSync(["mkfifo", folder.file("fifo")]);
  mkdirSync(folder.file("folder"));
  writeFileSync(folder.file("empty"), "");
  symlinkSync("loop", folder.file("loop"));
  return folder;
}

const STRANGE = [
  ["fifo", "fifo is a fifo, not a file"],
  ["folder", "folder is a directory, not a file"],
  ["empty", "empty is empty"],
  ["/dev/zero", "/dev/zero is a character, not a file"],
  ["missing", "there is no file missing: check the path"],
  ["empty/x", "empty/x: open: Not a directory (ENOTDIR): give another path"],
  ["loop", "loop: open: Too many levels of symbolic links (ELOOP): give another path"],
] as const;

describe("--config", () => {
  test.each(STRANGE)("%s", async (path, message) => {
    using folder = strangeFiles();
    expect(await failure(["run", "--config", path], { cwd: folder.path })).toBe(`--config: ${message}`);
  });
});

describe("--initrd", () => {
  test.each(STRANGE)("%s", async (path, message) => {
    using folder = strangeFiles();
    const { path: kernel } = tinyKernel(folder, END.reset);
    expect(await failure(["run", "--kernel", kernel, "--initrd", path], { cwd: folder.path })).toBe(
      `--initrd: ${message}`,
    );
  });

  test("that is larger than the guest's memory", async () => {
    using folder = new Folder();
    const { path: kernel } = tinyKernel(folder, END.reset);
    writeFileSync(folder.file("big"), Buffer.alloc(40 * 2 ** 20));
    const message = await failure(["run", "--kernel", kernel, "--initrd", "big", "--memory", "32M"], {
      cwd: folder.path,
    });
    expect(message).toStartWith(
      "big: an initrd of 41943040 bytes does not fit beside the kernel; give the guest more memory, for example --memory ",
    );
    const [, advised] = /--memory (\d+M)/.exec(message)!;
    const again = await volt(["run", "--kernel", kernel, "--initrd", "big", "--memory", advised!], {
      cwd: folder.path,
    });
    expect(again).toEqual({ status: 0, stdout: Buffer.alloc(0), stderr: "" });
  });
});

describe("--kernel", () => {
  test.each(STRANGE.filter(([path]) => !["missing", "empty/x", "loop"].includes(path)))("%s", async (path, message) => {
    using folder = strangeFiles();
    expect(await failure(["run", "--kernel", path], { cwd: folder.path })).toBe(`--kernel: ${message}`);
  });

  test.each(["missing", "./missing", "../../no/file", "a/../../b", "empty/x", "kernels/../x"])(
    "%s, which is no file and no name in the store",
    async (name) => {
      using folder = strangeFiles();
      expect(await failure(["run", "--kernel", name], { cwd: folder.path })).toBe(
        `--kernel: "${name}" is neither in the store (/nonexistent/volt) nor a file`,
      );
    },
  );

  const long = (bytes: Uint8Array, size: number) => Buffer.concat([bytes, Buffer.alloc(size)]);
  const debian = "!<arch>\ndebian-binary   1342943816  0     0     100644  4         `\n2.0\n";
  test.each([
    ["random bytes", crypto.getRandomValues(new Uint8Array(4096)), "this is no kernel that volt knows; "],
    ["one byte", Uint8Array.of(0x7f), "this is no kernel that volt knows; "],
    ["a script", Buffer.from("#!/bin/sh\n"), "this is a script, not a kernel; "],
    [
      "a Debian package",
      Buffer.from(debian),
      "this is a Debian package, not a kernel; bring its kernel into the store: volt kernel add FILE",
    ],
    [
      "an initramfs",
      Buffer.from(`070701${"0".repeat(200)}`),
      "this is an initramfs (cpio), not a kernel; give it with --initrd",
    ],
    ["an ELF header and nothing else", vmlinux().subarray(0, 64), /; the file is cut short: get it again$/],
    ["half an ELF header", vmlinux().subarray(0, 30), /; .*get it again$/],
    ["an ELF file cut in a segment", vmlinux().subarray(0, 300), /; the file is cut short: get it again$/],
    ["absurd program-header counts", patched(vmlinux(), EHDR.phnum, Uint8Array.of(0xff, 0xff)), /; .+/],
    [
      "a segment over the zero page",
      patched(vmlinux(), phdr(0, "paddr"), u64(0x7000)),
      "the segment at 0x7000 would be loaded at 0x7000, below 0x100000, ",
    ],
    [
      "a segment past the end of memory",
      patched(vmlinux(), phdr(0, "paddr"), u64(2 ** 40)),
      /; give the VM more --memory/,
    ],
    ["a segment that wraps 64 bits", patched(vmlinux(), phdr(0, "memsz"), new Uint8Array(8).fill(0xff)), /; .+/],
    [
      "a kernel larger than memory",
      buildElf(TEXT.address, [{ ...TEXT, memorySize: 2 ** 30 }]),
      /needs guest memory up to 0x41000000 but it ends at 0x8000000; give the VM more --memory/,
    ],
    ["half a bzImage", bzImage().subarray(0, 1030), /; the file is cut short: get it again$/],
    ["a bzImage cut in its header", bzImage().subarray(0, 0x210), /; .*get it again$/],
    ["a bzImage with a bad header", patched(bzImage(), 0x206, Uint8Array.of(0, 2)), /; volt needs 2.12/],
    ["gzip that holds nothing", Bun.gzipSync(new Uint8Array(0)), /; .+/],
    ["gzip cut short", Bun.gzipSync(long(vmlinux(), 5000)).subarray(0, 40), /; .+/],
    ["zstd of nonsense", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3, 4, 5, 6, 7, 8]), /; .+/],
  ])("%s", async (_, bytes, message) => {
    using folder = new Folder();
    writeFileSync(folder.file("bad"), bytes);
    const said = await failure(["run", "--kernel", "./bad"], { cwd: folder.path });
    expect(said).toStartWith("./bad: ");
    if (typeof message === "string") expect(said).toStartWith(`./bad: ${message}`);
    else expect(said).toMatch(message);
  });

  test("a path that would forge a line or drive the terminal is spelt out", async () => {
    using folder = new Folder();
    const name = "a\nvolt: all is well\u001b[2J\u009b2J";
    writeFileSync(folder.file(name), "#!");
    expect(await failure(["run", "--kernel", `./${name}`], { cwd: folder.path })).toContain("\\x1b[2J");
  });
});

describe("the command line", () => {
  /** The length of what a guest gets: the default and a blank come before what is appended. */
  const MOST = 2047;

  test("is taken up to the last byte that the kernel takes, and not one byte more", async () => {
    using folder = new Folder();
    const { run, path } = tinyKernel(folder, END.reset);
    expect(await volt([...run, "--cmdline", "x".repeat(MOST)])).toEqual({
      status: 0,
      stdout: Buffer.alloc(0),
      stderr: "",
    });
    expect(await failure([...run, "--cmdline", "x".repeat(MOST + 1)])).toBe(
      `${path}: the command line has ${MOST + 1} bytes, this kernel takes ${MOST}; shorten --cmdline or --append`,
    );
  });

  test("counts what --append adds", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, END.reset);
    const flags = ["--cmdline", "x".repeat(1000), "--append"];
    expect((await volt([...run, ...flags, "y".repeat(MOST - 1001)])).status).toBe(0);
    expect(await failure([...run, ...flags, "y".repeat(MOST - 1000)])).toContain(`${MOST + 1} bytes`);
  });
});

describe.each(["--log-file", "--trace"])("%s", (flag) => {
  test.each([
    ["no/such/file", "there is no folder for no/such/file: make it first"],
    ["folder", "folder is a directory, not a file"],
    ["empty/x", "empty/x: open: Not a directory (ENOTDIR): give another path"],
  ])("%s", async (path, message) => {
    using folder = strangeFiles();
    const { run } = tinyKernel(folder, END.reset);
    expect(await failure([...run, flag, path], { cwd: folder.path })).toBe(`${flag}: ${message}`);
  });
});

test("a FIFO that nobody reads takes no trace, but the log: a reader may come and go", async () => {
  using folder = strangeFiles();
  const { run } = tinyKernel(folder, exitStatus(7) + END.reset);
  expect(await failure([...run, "--trace", "fifo"], { cwd: folder.path })).toBe(
    "--trace: nobody reads the FIFO fifo: start its reader first, or give a file",
  );
  const end = await volt([...run, "--log-file", "fifo", "--log-level", "debug"], { cwd: folder.path });
  expect(end).toEqual({ status: 7, stdout: Buffer.alloc(0), stderr: "" });
});

test("another user has a store of his own, and is told what he may not read", async () => {
  using folder = new Folder();
  const { path } = tinyKernel(folder, END.reset);
  chmodSync(folder.path, 0o755);
  chmodSync(path, 0o600);
  const asNobody = { by: ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] };
  const program = folder.file("volt");
  writeFileSync(program, readFileSync(VOLT), { mode: 0o755 });
  writeFileSync(folder.file("vm.json"), "{}", { mode: 0o600 });
  expect(await failure(["run", "--config", folder.file("vm.json")], { ...asNobody, program })).toBe(
    `--config: permission denied to read ${folder.file("vm.json")}: change its mode or owner`,
  );
  const home = { HOME: "/nonexistent/home", VOLT_HOME: "" };
  expect(await failure(["run", "--kernel", "x"], { ...asNobody, program, env: home })).toBe(
    '--kernel: "x" is neither in the store (/nonexistent/home/.local/share/volt) nor a file',
  );
  const xdg = { ...home, XDG_DATA_HOME: "/nonexistent/xdg" };
  expect(await failure(["run", "--kernel", "x"], { ...asNobody, program, env: xdg })).toBe(
    '--kernel: "x" is neither in the store (/nonexistent/xdg/volt) nor a file',
  );
  expect(await failure(["run", "--kernel", path], { ...asNobody, program })).toBe(
    "/dev/kvm: permission denied: join its group (usermod -aG kvm $USER, then log in again)",
  );
});

test.each(["--kernel", "--initrd"])("%s that is somebody else's is no missing file", async (flag) => {
  using folder = new Folder();
  const { run, path } = tinyKernel(folder, END.reset);
  const file = flag === "--kernel" ? path : folder.file("initrd");
  chmodSync(file, 0o600);
  chownSync(file, 65534, 65534);
  // Root without the power to read everything: it may open /dev/kvm, which is its own.
  const by = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
  expect(await failure(run, { by })).toBe(`${flag}: permission denied to read ${file}: change its mode or owner`);
});

test("an ELF with the largest program header fields is refused and not allocated for", async () => {
  using folder = new Folder();
  const huge = new Uint8Array(8).fill(0xff);
  for (const field of ["offset", "paddr", "filesz", "memsz"] as const) {
    writeFileSync(folder.file("bad"), patched(vmlinux(), 64 + PHDR[field], huge));
    expect(await failure(["run", "--kernel", "./bad"], { cwd: folder.path })).toStartWith("./bad: ");
  }
});
