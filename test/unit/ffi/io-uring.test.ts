import { describe, expect, test } from "bun:test";
import { Errno } from "../../../ffi/error.ts";
import { Fd, O } from "../../../ffi/fd.ts";
import { lockFile } from "../../../ffi/file-lock.ts";
import { IORING_REGISTER, RingOp } from "../../../ffi/io-uring/layouts.ts";
import { IoUring } from "../../../ffi/io-uring/ring.ts";
import { registerWithRing } from "../../../ffi/io-uring/setup.ts";
import { addressOf } from "../../../ffi/memory.ts";
import { isReady, POLL } from "../../../ffi/poll.ts";
import { mappingsOf, openDescriptors, openedSince } from "../../support/resources.ts";

const TEXT = Buffer.from("what the file holds");

/** One buffer, as READV wants it. Both stay where they are as long as they are referenced. */
function target(length: number) {
  const bytes = new Uint8Array(new ArrayBuffer(length));
  const vector = new BigUint64Array([BigInt(addressOf(bytes)), BigInt(length)]);
  return { bytes, vector, address: addressOf(vector) };
}

function ring(operations: readonly number[] = [RingOp.READV], file = Fd.sealed("a file", TEXT)) {
  return IoUring.create(4, { file, operations, about: "a ring" });
}

/** Until the completion is there. */
function finish(uring: IoUring): void {
  while (!uring.next()) Bun.sleepSync(0.1);
}

describe("an io_uring", () => {
  test("reads a file straight into memory, and can be waited for", () => {
    using uring = ring();
    const { bytes, address } = target(TEXT.length);
    expect(isReady(uring.fd, POLL.IN)).toBe(false);
    expect(uring.push(RingOp.READV, 0, 5, address, 1, 0, 77)).toBe(true);
    expect(uring.next()).toBe(false);
    expect(uring.enter()).toBe(1);
    finish(uring);
    expect(uring).toMatchObject({ userData: 77, result: TEXT.length - 5 });
    expect(Buffer.from(bytes).toString().slice(0, 14)).toBe("the file holds");
    expect(uring.next()).toBe(false);
    expect(isReady(uring.fd, POLL.IN)).toBe(false);
  });

  test("is readable while a completion is there", () => {
    using uring = ring();
    const { address } = target(8);
    uring.push(RingOp.READV, 0, 0, address, 1, 0, 1);
    uring.enter();
    while (!isReady(uring.fd, POLL.IN)) Bun.sleepSync(0.1);
    expect(uring.next()).toBe(true);
    expect(isReady(uring.fd, POLL.IN)).toBe(false);
  });

  test("goes round its queues more often than they are long", () => {
    using uring = ring();
    const { bytes, address } = target(1);
    for (let i = 0; i < 40; i++) {
      uring.push(RingOp.READV, 0, i % TEXT.length, address, 1, 0, i);
      uring.enter();
      finish(uring);
      expect([uring.userData, uring.result, bytes[0]]).toEqual([i, 1, TEXT[i % TEXT.length]!]);
    }
  });

  test("takes as many entries as it has, and gives back what the kernel did not take", () => {
    using uring = ring();
    const { address } = target(1);
    const pushed = Array.from({ length: 5 }, (_, i) => uring.push(RingOp.READV, 0, 0, address, 1, 0, i));
    expect(pushed).toEqual([true, true, true, true, false]);
    expect([uring.waiting, uring.withdraw(), uring.withdraw(), uring.waiting]).toEqual([4, 3, 2, 2]);
    expect(uring.enter()).toBe(2);
    expect([uring.waiting, uring.withdraw()]).toEqual([0, -1]);
  });

  test("reports failures as minus errno", () => {
    using uring = ring();
    uring.push(RingOp.READV, 0, 0, 0, 1, 0, 1);
    uring.enter();
    finish(uring);
    expect(uring.result).toBe(-Errno.EFAULT);
  });

  test("does the operations it was made for and no other: it would walk around seccomp", () => {
    using uring = ring();
    const OPENAT = 18;
    for (const operation of [0, RingOp.WRITEV, RingOp.FSYNC, OPENAT]) {
      uring.push(operation, 0, 0, 0, 0, 0, operation);
      uring.enter();
      finish(uring);
      expect(uring).toMatchObject({ userData: operation, result: -Errno.EACCES });
    }
  });

  test("works on another file in place of the one it had, which it lets go of at once", () => {
    const file = Fd.sealed("a file", TEXT);
    using other = Fd.sealed("another file", Buffer.from("what the other file holds"));
    using uring = ring([RingOp.READV], file);
    const { bytes, address } = target(14);
    const read = () => {
      uring.push(RingOp.READV, 0, 0, address, 1, 0, 1);
      uring.enter();
      finish(uring);
      return Buffer.from(bytes).toString();
    };
    uring.replaceFile(other);
    expect(read()).toBe("what the other");
    expect(() => uring.replaceFile(new Fd(9999, "nothing"))).toThrow("EBADF");
    expect(read()).toBe("what the other");
    expect(lockFile(file, "exclusive")).toBe(true);
    using again = Fd.open(`/proc/self/fd/${file.number}`, O.RDWR);
    expect(lockFile(again, "exclusive")).toBe(false);
    file.close();
    expect(lockFile(again, "exclusive")).toBe(true);
  });

  test("takes no second file once it is there, and nothing else that can be registered", () => {
    using uring = ring();
    using other = Fd.sealed("another file", TEXT);
    const fd = new Fd(uring.fd, "the ring");
    expect(() => registerWithRing(fd, IORING_REGISTER.FILES, Int32Array.of(other.number), 1)).toThrow("EBUSY");
    const [BUFFERS, EVENTFD, PERSONALITY] = [0, 4, 9];
    for (const what of [BUFFERS, EVENTFD, PERSONALITY, IORING_REGISTER.RESTRICTIONS]) {
      expect(() => registerWithRing(fd, what, Int32Array.of(other.number), 1)).toThrow("EACCES");
    }
  });

  test("that can't be made leaves nothing behind", () => {
    const before = openDescriptors();
    expect(() => ring([RingOp.READV], new Fd(9999, "nothing"))).toThrow("EBADF");
    expect(openedSince(before)).toEqual([]);
  });

  test("gives its descriptor and mappings back", () => {
    using file = Fd.sealed("a file", TEXT);
    const before = openDescriptors();
    const mapped = mappingsOf("io_uring").length;
    {
      using uring = ring([RingOp.READV], file);
      expect(uring.entries).toBe(4);
      expect(mappingsOf("io_uring").length).toBe(mapped + 2);
    }
    expect(openedSince(before)).toEqual([]);
    expect(mappingsOf("io_uring").length).toBe(mapped);
  });
});
