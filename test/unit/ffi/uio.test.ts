import { describe, expect, test } from "bun:test";
import { Errno } from "../../../ffi/error.ts";
import { Fd, O } from "../../../ffi/fd.ts";
import { addressOf } from "../../../ffi/memory.ts";
import { IoVectors } from "../../../ffi/uio.ts";

/** A file with ten digits, from its beginning. */
function digits(): Fd {
  using file = Fd.sealed("a test", Buffer.from("0123456789"));
  return Fd.open(`/proc/self/fd/${file.number}`, O.RDONLY);
}

describe("one call, many buffers", () => {
  test("writes what several entries of the table name, and reads into several", () => {
    using file = digits();
    const memory = new Uint8Array(100);
    const at = addressOf(memory);
    const vectors = new IoVectors(4);
    vectors.set(0, 1, 1000); // nobody's memory: never touched
    vectors.set(1, at + 10, 3);
    vectors.set(2, at + 50, 4);
    vectors.set(3, at, 1000);
    expect(vectors.readv(file.number, 1, 2)).toBe(7);
    expect(Buffer.from(memory.subarray(10, 13)).toString()).toBe("012");
    expect(Buffer.from(memory.subarray(50, 54)).toString()).toBe("3456");
    expect(vectors.writev(file.number, 1, 2)).toBe(-Errno.EBADF);

    using sink = Fd.open("/dev/null", O.WRONLY);
    expect(vectors.writev(sink.number, 1, 2)).toBe(7);
  });

  test("says which errno it was", () => {
    using file = Fd.open("/dev/null", O.RDONLY);
    const vectors = new IoVectors(1);
    vectors.set(0, addressOf(new Uint8Array(8)), 8);
    expect(vectors.writev(file.number, 0, 1)).toBe(-Errno.EBADF);
  });

  test("takes addresses of 47 bits whole", () => {
    using file = digits();
    const vectors = new IoVectors(1);
    vectors.set(0, 2 ** 46 + 2 ** 33 + 4096, 8);
    expect(vectors.readv(file.number, 0, 1)).toBe(-Errno.EFAULT);
  });
});
