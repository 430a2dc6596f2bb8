import { describe, expect, test } from "bun:test";
import { functionCode, type SystemCallFunction } from "../../../ffi/system-call-code.ts";
import { assemble } from "../../kvm/tiny/assemble.ts";

describe("a system call's function is", () => {
  const zero = { 4: "xor r10d, r10d", 5: "xor r8d, r8d", 6: "xor r9d, r9d" };
  test.each<[string, SystemCallFunction, readonly string[]]>([
    ["getpid()", { number: 39, arguments: 0 }, [zero[4], zero[5], zero[6], "mov eax, 39"]],
    ["wait4(pid, status, options, NULL)", { number: 61, arguments: 3 }, [zero[4], zero[5], zero[6], "mov eax, 61"]],
    ["accept4", { number: 288, arguments: 4 }, ["mov r10, rcx", zero[5], zero[6], "mov eax, 288"]],
    ["prctl", { number: 157, arguments: 5 }, ["mov r10, rcx", zero[6], "mov eax, 157"]],
    ["mmap", { number: 9, arguments: 6 }, ["mov r10, rcx", "mov eax, 9"]],
    [
      "any, by its number",
      { number: undefined, arguments: 6 },
      [
        ...["mov rax, rdi", "mov rdi, rsi", "mov rsi, rdx", "mov rdx, rcx", "mov r10, r8", "mov r8, r9"],
        "xor r9d, r9d",
      ],
    ],
  ])("%s", (_, one, lines) => {
    const source = [...lines, "syscall", "ret"].join("\n");
    expect(Uint8Array.from(functionCode(one))).toEqual(new Uint8Array(assemble(source, 64, 0)));
  });
});
