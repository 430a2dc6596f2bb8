/**
 * The machine code of a program that makes system calls from a list, and nothing else: see `program.ts`.
 * It is kept as assembly, to be read, and as bytes, to be run; a test has the one from the other.
 */

/** A record of the list: what is where, in bytes. */
export const RECORD = {
  /** Of the system call; a negative one stands for `supervise`. */
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
    test eax, eax
    js supervise
    syscall
  made:
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
  supervise: # the child goes on with the list; the parent stays, for its signals and its end
    mov eax, 57 # fork
    syscall
    test rax, rax
    jle made
    mov r12d, eax
    sub rsp, 144 # a siginfo, and behind it a status
    xor edi, edi
    mov esi, -1
    xor edx, edx
    mov eax, 436 # close_range: all of them
    syscall
  watch:
    mov rdi, [rbx + 8]
    mov rsi, rsp
    xor edx, edx
    mov r10d, 8
    mov eax, 128 # rt_sigtimedwait
    syscall
    mov r13d, eax
    mov edi, r12d
    lea rsi, [rsp + 128]
    mov edx, 1 # WNOHANG
    xor r10d, r10d
    mov eax, 61 # wait4
    syscall
    cmp eax, r12d
    je ended
    test r13d, r13d
    jle watch # interrupted
    cmp r13d, 17 # SIGCHLD
    je watch
    cmp dword ptr [rsp + 8], 0 # si_code: what the kernel itself sends, a terminal's, comes to both
    jg watch
    mov edi, r12d
    mov esi, r13d
    mov eax, 62 # kill
    syscall
    jmp watch
  ended:
    mov edi, [rsp + 128]
    mov eax, edi
    and eax, 127 # the signal that ended it
    jz exited
    lea edi, [rax + 128]
    jmp leave
  exited:
    shr edi, 8
  leave:
    mov eax, 231 # exit_group
    syscall
`;

/** The same, assembled. */
export const CODE = Uint8Array.fromHex(
  [
    "bb00104000488b03488b7b08488b7310488b53184c8b53204c8b43284c8b4b3085c078390f05488b4b388901488d535031c9483d01f0ffff7208",
    "89c1f7d9488b5348488b734089c8c1e8040430880680e10f80c130884e014889d3eba8b8390000000f054885c07ebd4189c44881ec9000000031",
    "ffbeffffffff31d2b8b40100000f05488b7b084889e631d241ba08000000b8800000000f054189c54489e7488db42480000000ba010000004531",
    "d2b83d0000000f054439e074214585ed7ec34183fd1174bd837c2408007fb64489e74489eeb83e0000000f05eba78bbc248000000089f883e07f",
    "74088db880000000eb03c1ef08b8e70000000f05",
  ].join(""),
);

/** Where the code expects the records: right behind its own page. */
export const CODE_ADDRESS = 0x40_0000;
export const DATA_ADDRESS = 0x40_1000;
