/**
 * What runs when a thread makes a system call that its filter traps: machine code, since JavaScript can't run in a signal
 * handler. It is kept as assembly, to be read, and as bytes, to be run; a test has the one from the other.
 *
 * Code is at the start of its mapping, data a page behind it: see TRAP_DATA. The kernel enters with edi = SIGSYS, rsi =
 * siginfo, rdx = ucontext; the registers of the trapped call are in its gregs (<sys/ucontext.h>), its number in
 * si_syscall.
 */

export const CODE_BYTES = 4096;
/** Where things are in the data, in bytes. */
export const TRAP_DATA = {
  /** Whether a thread is in here already: the others wait for the end. */
  lock: 0,
  log: 4,
  /** How many calls were audited. */
  count: 8,
  /** Texts end with NUL. */
  prefix: 64,
  thread: 256,
  middle: 288,
  suffix: 352,
  opening: 480,
  line: 512,
  /** Names of calls with a blank between two: from number 0, and from 424. */
  firstNames: 1024,
  secondNames: 9216,
  records: 12_288,
  size: 16_384,
} as const;
/** A record of the audit: number, thread, second argument, 1. */
export const AUDIT_RECORD_BYTES = 16;
export const MOST_RECORDS = 256;

/** Says which thread made which call, and ends the process: with 128 + SIGSYS, unless ENFORCE_STATUS has another. */
export const ENFORCE_SOURCE = `
    lea rbx, [rip + 4096 - 7] # this instruction has 7 bytes
    mov r12, rsi
    mov r13, rdx
    mov eax, 1
    xchg [rbx], eax
    test eax, eax
    jz first
  park:
    mov eax, 34 # pause
    syscall
    jmp park
  first:
    mov eax, 157 # prctl(PR_GET_NAME)
    mov edi, 16
    lea rsi, [rbx + 256]
    syscall
    lea rdi, [rbx + 512]
    lea rsi, [rbx + 64]
    call copy
    lea rsi, [rbx + 256]
    call copy
    lea rsi, [rbx + 288]
    call copy
    mov eax, [r12 + 24] # si_syscall
    lea rsi, [rbx + 1024]
    cmp eax, 424
    jb seek
    sub eax, 424
    lea rsi, [rbx + 9216]
  seek: # that many blanks from here
    test eax, eax
    jz name
    mov cl, [rsi]
    test cl, cl
    jz name # no such call
    inc rsi
    cmp cl, 32
    jne seek
    dec eax
    jmp seek
  name:
    lodsb
    cmp al, 32
    jbe named
    stosb
    jmp name
  named:
    lea rsi, [rbx + 480]
    call copy
    mov edx, [r13 + 112] # the call's rsi
    call hex
    lea rsi, [rbx + 352]
    call copy
    lea rsi, [rbx + 512]
    mov rdx, rdi
    sub rdx, rsi
    mov edi, [rbx + 4]
    mov eax, 1 # write
    syscall
    mov edi, 159
    mov eax, 231 # exit_group
    syscall
    hlt
  copy:
    lodsb
    test al, al
    jz copied
    stosb
    jmp copy
  copied:
    ret
  hex:
    mov ecx, 8
  digit:
    rol edx, 4
    mov eax, edx
    and eax, 15
    cmp al, 10
    jb decimal
    add al, 39
  decimal:
    add al, 48
    stosb
    loop digit
    ret
`;

/** Notes the call, makes it, and hands its result to who made it. The filter lets this one syscall instruction through. */
export const AUDIT_SOURCE = `
    lea rbx, [rip + 4096 - 7] # this instruction has 7 bytes
    mov r13, rdx
    mov r12d, [rsi + 24] # si_syscall
    mov eax, 186 # gettid
    syscall
    mov r14d, eax
    mov eax, 1
    lock xadd [rbx + 8], eax
    cmp eax, 256
    jae noted
    shl eax, 4
    lea rdi, [rbx + 12288]
    add rdi, rax
    mov [rdi], r12d
    mov [rdi + 4], r14d
    mov rax, [r13 + 112]
    mov [rdi + 8], eax
    mov dword ptr [rdi + 12], 1
  noted:
    mov rdi, [r13 + 104]
    mov rsi, [r13 + 112]
    mov rdx, [r13 + 136]
    mov r10, [r13 + 56]
    mov r8, [r13 + 40]
    mov r9, [r13 + 48]
    mov eax, r12d
    syscall
    mov [r13 + 144], rax
    ret
`;
/** Bytes behind that syscall instruction. */
const BEHIND_SYSCALL = 8;

export const ENFORCE_CODE = Uint8Array.fromHex(
  [
    "488d1df90f00004989f44989d5b801000000870385c07409b8220000000f05ebf7b89d000000bf10000000488db3000100000f05488dbb",
    "00020000488d7340e89a000000488db300010000e88e000000488db320010000e882000000418b442418488db3000400003da801000072",
    "0c2da8010000488db30024000085c074128a0e84c9740c48ffc680f92075eeffc8ebeaac3c207603aaebf8488db3e0010000e839000000",
    "418b5570e839000000488db360010000e824000000488db3000200004889fa4829f28b7b04b8010000000f05bf9f000000b8e70000000f",
    "05f4ac84c07403aaebf8c3b908000000c1c20489d083e00f3c0a720204270430aae2edc3",
  ].join(""),
);
export const AUDIT_CODE = Uint8Array.fromHex(
  [
    "488d1df90f00004989d5448b6618b8ba0000000f054189c6b801000000f00fc143083d000100007322c1e004488dbb003000004801c744",
    "892744897704498b4570894708c7470c01000000498b7d68498b7570498b95880000004d8b55384d8b45284d8b4d304489e00f05498985",
    "90000000c3",
  ].join(""),
);

/** Where the exit status is in that code: the operand of the `mov edi, 159` before exit_group. */
export const ENFORCE_STATUS = Buffer.from(ENFORCE_CODE).indexOf(Buffer.from("bf9f000000b8e7000000", "hex")) + 1;

/** Where the audit's own system call returns to, from the start of its code: what a filter sees as its place. */
export const AUDIT_RETURN = AUDIT_CODE.length - BEHIND_SYSCALL;
