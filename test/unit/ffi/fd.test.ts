import { afterAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Errno } from "../../../ffi/error.ts";
import { cString, Fd, O } from "../../../ffi/fd.ts";
import { MAP, Mapping } from "../../../ffi/memory.ts";
import { threadId } from "../../../ffi/process.ts";
import { installKick } from "../../../ffi/signal.ts";
import { openDescriptors, openedSince } from "../../support/resources.ts";
import { systemError } from "../../support/thrown.ts";

const folder = mkdtempSync(join(tmpdir(), "volt-fd-"));
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = (name: string): string => join(folder, name);

function fileOf(name: string, content: string | Uint8Array): string {
  writeFileSync(inFolder(name), content);
  return inFolder(name);
}

describe("open", () => {
  test("a missing file is an error that carries the path", () => {
    const path = inFolder("missing");
    const error = systemError(() => Fd.open(path, O.RDONLY));
    expect(error.message).toBe(`${path}: open: No such file or directory (ENOENT)`);
    expect(error.about).toBe(path);
  });

  test("a path that holds a NUL is refused, not cut short", () => {
    expect(() => Fd.open(`${fileOf("whole", "x")}\0.img`, O.RDONLY)).toThrow(RangeError);
  });

  test("a path beyond ASCII arrives as UTF-8", () => {
    using fd = Fd.open(fileOf("schön-盤", "four"), O.RDONLY);
    expect(fd.status().size).toBe(4);
  });

  test("creates with the mode asked for, and closes on exec", () => {
    const path = inFolder("created");
    using fd = Fd.open(path, O.WRONLY | O.CREAT, 0o640);
    expect(statSync(path).mode & 0o777).toBe(0o640 & ~process.umask());
    expect(flagsOf(fd) & O.CLOEXEC).toBe(O.CLOEXEC);
  });

  test("truncates, and appends, when told to", () => {
    const path = fileOf("log", "old");
    using truncated = Fd.open(path, O.WRONLY | O.TRUNC);
    truncated.writeAll(Buffer.from("one"));
    using appended = Fd.open(path, O.WRONLY | O.APPEND);
    appended.writeAll(Buffer.from("two"));
    expect(readFileSync(path, "utf8")).toBe("onetwo");
  });
});

describe("close", () => {
  test("gives every descriptor back, by using and by hand", () => {
    const path = fileOf("closed", "x");
    const before = openDescriptors();
    for (let i = 0; i < 50; i++) {
      using opened = Fd.open(path, O.RDONLY);
      using sealed = Fd.sealed("closed", opened.readAt(0, 1));
      expect(sealed.status().size).toBe(1);
      Fd.open(path, O.RDONLY).close();
    }
    expect(openedSince(before)).toEqual([]);
  });

  test("twice never closes a stranger's descriptor", () => {
    const path = fileOf("twice", "x");
    const first = Fd.open(path, O.RDONLY);
    first.close();
    using second = Fd.open(path, O.RDONLY);
    first.close();
    expect(second.status().size).toBe(1);
  });

  test("makes any later use an error that says what it was", () => {
    const path = fileOf("gone", "x");
    const fd = Fd.open(path, O.RDONLY);
    fd.close();
    expect(systemError(() => fd.readAt(0, 1)).message).toBe(
      `${path} (already closed): use: Bad file descriptor (EBADF)`,
    );
  });
});

describe("status", () => {
  test("knows a file and its size", () => {
    using fd = Fd.open(fileOf("status", "12345"), O.RDONLY);
    expect(fd.status()).toEqual({ kind: "file", size: 5 });
  });

  test.each([
    ["directory", "/proc"],
    ["character", "/dev/null"],
  ] as const)("knows a %s", (kind, path) => {
    using fd = Fd.open(path, O.RDONLY);
    expect(fd.status().kind).toBe(kind);
  });

  test("knows a fifo, and what a link leads to", () => {
    execFileSync("mkfifo", [inFolder("fifo")]);
    symlinkSync(inFolder("fifo"), inFolder("link"));
    using fd = Fd.open(inFolder("link"), O.RDONLY | O.NONBLOCK);
    expect(fd.status().kind).toBe("fifo");
  });

  test("is exact above 4 GiB", () => {
    const path = inFolder("sparse");
    execFileSync("truncate", ["-s", "5G", path]);
    using fd = Fd.open(path, O.RDONLY);
    expect(fd.status().size).toBe(5 * 2 ** 30);
  });
});

describe("reads", () => {
  test("from an offset, and less than asked only where the file ends", () => {
    using fd = Fd.open(fileOf("read", "0123456789"), O.RDONLY);
    expect(Buffer.from(fd.readAt(3, 4)).toString()).toBe("3456");
    expect(Buffer.from(fd.readAt(8, 100)).toString()).toBe("89");
    expect(fd.readAt(10, 1)).toHaveLength(0);
    expect(fd.readAt(0, 0)).toHaveLength(0);
  });

  test("from beyond 4 GiB", () => {
    const path = inFolder("deep");
    execFileSync("sh", ["-c", 'truncate -s 4294967300 "$1" && printf deep >> "$1"', "sh", path]);
    using fd = Fd.open(path, O.RDONLY);
    expect(Buffer.from(fd.readAt(4294967300, 4)).toString()).toBe("deep");
  });

  test("straight into mapped memory", () => {
    using fd = Fd.open(fileOf("into", "mapped"), O.RDONLY);
    using memory = Mapping.create(4096, { about: "a page" });
    expect(fd.readInto(memory.address + 10, 0, 100)).toBe(6);
    expect(Buffer.from(memory.view(9, 8)).toString()).toBe("\0mapped\0");
  });

  test("of a directory are an error that carries the path", () => {
    using fd = Fd.open(folder, O.RDONLY);
    expect(systemError(() => fd.readAt(0, 1)).message).toBe(`${folder}: pread: Is a directory (EISDIR)`);
  });
});

describe("one read or write", () => {
  test("answers minus errno instead of throwing", () => {
    using readOnly = Fd.open(fileOf("mode", "x"), O.RDONLY);
    expect(readOnly.write(new Uint8Array(1))).toBe(-Errno.EBADF);
    using writeOnly = Fd.open(inFolder("mode"), O.WRONLY);
    expect(writeOnly.read(new Uint8Array(1))).toBe(-Errno.EBADF);
  });

  test("answers EAGAIN on an empty pipe once non-blocking, and waits no more", () => {
    execFileSync("mkfifo", [inFolder("empty")]);
    using pipe = Fd.open(inFolder("empty"), O.RDWR);
    pipe.setNonBlocking(true);
    expect(pipe.read(new Uint8Array(1))).toBe(-Errno.EAGAIN);
    expect(flagsOf(pipe) & O.NONBLOCK).toBe(O.NONBLOCK);
    pipe.setNonBlocking(false);
    expect(flagsOf(pipe) & O.NONBLOCK).toBe(0);
  });
});

describe("writeAll", () => {
  test("throws what the kernel says, with the path", () => {
    using full = Fd.open("/dev/full", O.WRONLY);
    expect(systemError(() => full.writeAll(new Uint8Array(1))).message).toBe(
      "/dev/full: write: No space left on device (ENOSPC)",
    );
  });

  test("loses no byte to a slow reader or to signals that interrupt it", async () => {
    const bytes = 4 << 20;
    const path = inFolder("slow");
    execFileSync("mkfifo", [path]);
    using pipe = Fd.open(path, O.RDWR);
    const reader = Bun.spawn(["sh", "-c", `sleep 0.2; head -c ${bytes} "$1" | wc -c`, "sh", path], { stdout: "pipe" });
    installKick();
    const kicker = new Worker(new URL("kicker.ts", import.meta.url).href, { argv: [String(threadId())] });
    await new Promise((started) => kicker.addEventListener("message", started, { once: true }));
    pipe.writeAll(new Uint8Array(bytes));
    kicker.terminate();
    expect((await new Response(reader.stdout).text()).trim()).toBe(String(bytes));
  });
});

describe("a sealed file", () => {
  const content = Buffer.from("the plan");

  test("holds what it was given", () => {
    using fd = Fd.sealed("plan", content);
    expect(fd.isSealed).toBe(true);
    expect(Buffer.from(fd.readAt(0, 100))).toEqual(content);
    expect(fd.status()).toEqual({ kind: "file", size: content.length });
  });

  test("can be neither written, nor mapped for writing, nor opened anew and changed", () => {
    using fd = Fd.sealed("plan", content);
    expect(fd.write(content)).toBe(-Errno.EPERM);
    const mapped = { about: "the plan", file: fd, flags: MAP.SHARED };
    expect(systemError(() => Mapping.create(4096, mapped)).message).toBe(
      "the plan: mmap: Operation not permitted (EPERM)",
    );
    expect(systemError(() => Fd.open(`/proc/self/fd/${fd.number}`, O.RDWR | O.TRUNC)).code).toBe("EPERM");
    expect(Buffer.from(fd.readAt(0, 100))).toEqual(content);
  });

  test("is told from a file that is not", () => {
    using plain = Fd.open(fileOf("plain", "x"), O.RDONLY);
    expect(plain.isSealed).toBe(false);
  });

  test("refuses a name that holds a NUL", () => {
    expect(() => Fd.sealed("pl\0an", content)).toThrow(RangeError);
  });
});

test("a descriptor survives an exec only when told to", () => {
  using fd = Fd.open("/dev/null", O.RDONLY);
  fd.setInherited(true);
  expect(flagsOf(fd) & O.CLOEXEC).toBe(0);
  fd.setInherited(false);
  expect(flagsOf(fd) & O.CLOEXEC).toBe(O.CLOEXEC);
});

test("a C string ends in one NUL and may hold anything else", () => {
  expect([...cString("ü\n")]).toEqual([0xc3, 0xbc, 0x0a, 0]);
  expect([...cString("")]).toEqual([0]);
  expect(() => cString("a\0")).toThrow('"a\\u0000" has a NUL byte: it can\'t be a path or name');
});

/** The open file's flags, close-on-exec included, as /proc shows them. */
function flagsOf(fd: Fd): number {
  const info = readFileSync(`/proc/self/fdinfo/${fd.number}`, "utf8");
  return Number.parseInt(/^flags:\s+(\d+)/m.exec(info)![1]!, 8);
}

test("a file's identity is the same by every path to it, and no other file's", () => {
  const path = fileOf("identity", "x");
  symlinkSync(path, inFolder("identity-link"));
  using direct = Fd.open(path, O.RDONLY);
  using linked = Fd.open(inFolder("identity-link"), O.PATH);
  using itself = Fd.open(inFolder("identity-link"), O.PATH | O.NOFOLLOW);
  const { dev, ino } = statSync(path);
  expect(direct.identity()).toEqual({ device: dev, inode: ino });
  expect(linked.identity()).toEqual(direct.identity());
  expect(itself.identity()).not.toEqual(direct.identity());
});
