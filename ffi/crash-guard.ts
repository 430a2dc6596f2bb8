/**
 * Restores a terminal when the process crashes. JavaScript can't run in a signal handler, so the handler is 100 bytes of
 * machine code over data prepared here: it puts the terminal's settings back, then the signal's former action, and sends
 * the signal again, so that Bun's crash report (or whatever was there) comes as if nothing had been in between.
 */
import { pack } from "./abi.ts";
import { check } from "./error.ts";
import { libc } from "./libc.ts";
import { MAP, Mapping, PROT } from "./memory.ts";
import { SIGACTION, setHandler } from "./signal.ts";
import type { TerminalSettings } from "./terminal.ts";

/** SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS. */
const CRASHES = [4, 5, 6, 7, 8, 11, 31];

/** The kernel's struct sigaction (rt_sigaction(2)), which differs from glibc's. */
const KERNEL_SIGACTION_BYTES = 32;
const SIGSYS = 31;
const SYS_RT_SIGACTION = 13;
const SA_ONSTACK = 0x0800_0000;

/** Where things lie in the guard's memory: data first, code in a page of its own. */
const SETTINGS = 0;
const TERMINAL = 60;
const FORMER_ACTIONS = 64;
const CODE = 4096;
const BYTES = 8192;

/**
 * Made before the sandbox is: nothing becomes executable in there. While it is armed, a crash gives a terminal its
 * settings back first.
 */
export class CrashGuard implements Disposable {
  readonly #memory = Mapping.create(BYTES, { about: "the crash guard", flags: MAP.PRIVATE | MAP.ANONYMOUS });
  readonly #bytes = new Uint8Array(this.#memory.view());
  #armed = false;

  constructor() {
    const { address } = this.#memory;
    this.#bytes.set(handlerCode(address), CODE);
    // Written, then made executable and never writable again.
    check(libc.mprotect(address + CODE, BYTES - CODE, PROT.READ | PROT.EXEC), "mprotect", "the crash guard");
  }

  /** @param fd the terminal, @param settings what a crash gives it */
  arm(fd: number, settings: TerminalSettings): void {
    this.#bytes.set(settings, SETTINGS);
    new DataView(this.#bytes.buffer).setInt32(TERMINAL, fd, true);
    if (this.#armed) return;
    this.#armed = true;
    const { address } = this.#memory;
    for (const signal of CRASHES) rtSigaction(signal, 0, formerAction(address, signal));
    const action = pack(SIGACTION, { sa_handler: address + CODE, sa_flags: SA_ONSTACK });
    for (const signal of CRASHES) setHandler(signal, action, "the crash guard");
  }

  disarm(): void {
    if (!this.#armed) return;
    this.#armed = false;
    for (const signal of CRASHES) rtSigaction(signal, formerAction(this.#memory.address, signal), 0);
  }

  [Symbol.dispose](): void {
    this.disarm();
    this.#memory[Symbol.dispose]();
  }
}

function formerAction(memory: number, signal: number): number {
  return memory + FORMER_ACTIONS + signal * KERNEL_SIGACTION_BYTES;
}

function rtSigaction(signal: number, action: number, former: number): void {
  const result = libc.syscall(SYS_RT_SIGACTION, signal, action, former, 8, 0);
  check(result, "rt_sigaction", `signal ${signal}`);
}

/** void handler(int signal, siginfo_t *, void *), x86-64. @param memory the guard's */
function handlerCode(memory: number): Uint8Array {
  const formerActions = memory + FORMER_ACTIONS;
  const imm32 = (value: number) => [...new Uint8Array(new Int32Array([value]).buffer)];
  const imm64 = (value: number) => [...new Uint8Array(new BigUint64Array([BigInt(value)]).buffer)];
  const eax = (syscall: number) => [0xb8, ...imm32(syscall)];
  const syscall = [0x0f, 0x05];
  return Uint8Array.from([
    ...[0x57, 0x56, 0x52], // push rdi, rsi, rdx
    // ioctl(the terminal, TCSETS, settings)
    ...eax(16),
    ...[0x49, 0xb8, ...imm64(memory + TERMINAL)], // mov r8, the terminal's address
    ...[0x41, 0x8b, 0x38], // mov edi, [r8]
    ...[0xbe, ...imm32(0x5402)], // mov esi, TCSETS
    ...[0x48, 0xba, ...imm64(memory + SETTINGS)], // mov rdx, settings
    ...syscall,
    ...[0x5a, 0x5e, 0x5f], // pop rdx, rsi, rdi
    // A trapped system call does not happen again: its handler wants the siginfo of this one.
    ...[0x83, 0xff, SIGSYS], // cmp edi, SIGSYS
    ...[0x75, 12], // jne behind the jump
    ...[0x48, 0xb8, ...imm64(formerAction(memory, SIGSYS))], // mov rax, the former action's address
    ...[0xff, 0x20], // jmp [rax]
    0x57, // push rdi
    // rt_sigaction(signal, formerActions + 32 * signal, NULL, 8)
    ...[0x8b, 0x3c, 0x24], // mov edi, [rsp]
    ...[0x89, 0xfe], // mov esi, edi
    ...[0xc1, 0xe6, 0x05], // shl esi, 5
    ...[0x49, 0xb8, ...imm64(formerActions)], // mov r8, formerActions
    ...[0x4c, 0x01, 0xc6], // add rsi, r8
    ...[0x31, 0xd2], // xor edx, edx
    ...[0x41, 0xba, ...imm32(8)], // mov r10d, 8
    ...eax(SYS_RT_SIGACTION),
    ...syscall,
    // tgkill(getpid(), gettid(), signal): delivered as soon as this returns
    ...eax(39),
    ...syscall,
    ...[0x89, 0xc7], // mov edi, eax
    ...eax(186),
    ...syscall,
    ...[0x89, 0xc6], // mov esi, eax
    0x5a, // pop rdx
    ...eax(234),
    ...syscall,
    0xc3, // ret
  ]);
}
