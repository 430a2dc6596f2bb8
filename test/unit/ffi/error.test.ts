import { expect, test } from "bun:test";
import { check, Errno, SystemError } from "../../../ffi/error.ts";
import { libc } from "../../../ffi/libc.ts";
import { systemError } from "../../support/thrown.ts";

test("a system error says what, which call, why, and errno's name, in one line", () => {
  const error = new SystemError("open", Errno.ENOENT, "/no/such/disk");
  expect(error.message).toBe("/no/such/disk: open: No such file or directory (ENOENT)");
  expect(error).toMatchObject({ name: "SystemError", call: "open", errno: 2, code: "ENOENT", about: "/no/such/disk" });
});

test("an errno without a name is told by its number", () => {
  const error = new SystemError("ioctl(KVM_RUN)", 4000, "vCPU 0");
  expect(error.code).toBe("errno 4000");
  expect(error.message).toBe("vCPU 0: ioctl(KVM_RUN): Unknown error 4000 (errno 4000)");
});

test("every errno in the table has its own name", () => {
  for (const [name, number] of Object.entries(Errno)) expect(new SystemError("x", number, "y").code).toBe(name);
});

test("a system call that fails answers minus its errno", () => {
  expect(libc.close(-1)).toBe(-Errno.EBADF);
  expect(libc.openat(-1, Buffer.from("/no/such/file\0"), 0, 0)).toBe(-Errno.ENOENT);
  expect(libc.mmap(null, 0, 0, 0x22, -1, 0)).toBe(-Errno.EINVAL);
});

test("check passes a good result through, zero too", () => {
  expect(check(7, "open", "x")).toBe(7);
  expect(check(0, "open", "x")).toBe(0);
});

test("check turns a negative result into the error of that call", () => {
  const error = systemError(() => check(libc.close(-1), "close", "a descriptor"));
  expect(error.message).toBe("a descriptor: close: Bad file descriptor (EBADF)");
});
