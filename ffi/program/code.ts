/**
 * The machine code of a program that makes system calls from a list, and nothing else: see `program.ts`.
 * It is kept as assembly, to be read, and as bytes, to be run; a test has the one from the other.
 */

/** A record of the list: what is where, in bytes. */
export const RECORD = {
  number: 0,
  /** Six of them. */
  arguments: 8,
  /** Address of 4 bytes that take the result. */
  result: 56,
  /** Address of 2 characters that take errno, `00` for success: sixteens and ones, counted from the character 0. */
  errno: 64,
  /** Address of the record to go on with after an error. */
  onError: 72,
  size: 80,
} as const;

/** The code, Intel syntax. rbx is the record at work, from the first one on. */
export const SOURCE = `
    mov ebx, 0x401000
  next:
    mov rax, [rbx]
    mov rdi, [rbx + 8]
    mov rsi, [rbx + 16]
    mov rdx, [rbx + 24]
    mov r10, [rbx + 32]
    mov r8, [rbx + 40]
    mov r9, [rbx + 48]
    syscall
    mov rcx, [rbx + 56]
    mov [rcx], eax
    lea rdx, [rbx + 80]
    xor ecx, ecx
    cmp rax, -4095
    jb done
    mov ecx, eax
    neg ecx
    mov rdx, [rbx + 72]
  done:
    mov rsi, [rbx + 64]
    mov eax, ecx
    shr eax, 4
    add al, 48
    mov [rsi], al
    and cl, 15
    add cl, 48
    mov [rsi + 1], cl
    mov rbx, rdx
    jmp next
`;

/** The same, assembled. */
export const CODE = Uint8Array.fromHex(
  [
    "bb00104000488b03488b7b08488b7310488b53184c8b53204c8b43284c8b4b300f05488b4b388901488d535031c9483d01f0ffff720889c1f7d9",
    "488b5348488b734089c8c1e8040430880680e10f80c130884e014889d3ebac",
  ].join(""),
);

/** Where the code expects the records: right behind its own page. */
export const CODE_ADDRESS = 0x40_0000;
export const DATA_ADDRESS = 0x40_1000;
