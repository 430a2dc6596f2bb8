/** Machine code that an attacker has in the process: a signal handler that makes a system call in whichever thread it runs. */
import { pack } from "../../../ffi/abi.ts";
import { libc } from "../../../ffi/libc.ts";
import { Mapping, PROT } from "../../../ffi/memory.ts";
import { SIGACTION, setHandler } from "../../../ffi/signal.ts";

/** SIGTRAP: nobody else's, and not even the thread that gives memory back (mimalloc's) blocks it. */
const ATTACK_SIGNAL = 5;
const SIGSYS = 31;
const SA_SIGINFO = 4;
const SA_ONSTACK = 0x0800_0000;
const SA_RESTART = 0x1000_0000;
const SYS_GETPID = 39;
const SYS_TGKILL = 234;
const PAGE = 4096;

/** What the handler finds in memory: 64-bit words, all but the last by number. */
const WORD = { state: 0, number: 1, arguments: 2, result: 8 } as const;
const ORDERED = 1n;
const PATIENCE_MS = 10_000;
/** What a thread has that may be the kernel's: it takes no signal for ever. */
const SHORT_PATIENCE_MS = 1000;

/** What a call comes to that a filter traps. */
export const TRAPPED = 9999;

/**
 * The handler, with the words' address in r: `push rbx; movabs rbx, r; mov rax, [rbx + 8]; mov rdi, [rbx + 16]`, and so on
 * with rsi, rdx, r10, r8, r9; `syscall`. A child of clone (56) has no more to do: `exit_group(0)`. Then the result and the
 * state, 2: `mov [rbx + 64], rax; mov dword ptr [rbx], 2; pop rbx; ret`.
 */
const BEFORE_ADDRESS = Uint8Array.fromHex("5348bb");
const BEHIND_ADDRESS = Uint8Array.fromHex(
  "488b4308488b7b10488b7318488b53204c8b53284c8b43304c8b4b380f05" +
    "4885c0751048837b08387509b8e700000031ff0f05" +
    "48894340c703020000005bc3",
);
/** SIGSYS's handler while attacks are made: `mov qword ptr [rdx + 0x90], -9999; ret`, the saved rax of a ucontext. */
const TRAP_CODE = Uint8Array.fromHex("48c78290000000f1d8ffffc3");
const TRAP_AT = 128;

/** Made before the filters: they let nothing become executable. */
export class ThreadCode {
  readonly #words: BigInt64Array;
  readonly #code: number;
  readonly #oldTrap = new Uint8Array(SIGACTION.size);

  constructor() {
    const data = Mapping.create(PAGE, { about: "the attackers' orders" });
    this.#words = new BigInt64Array(data.view());
    const code = Mapping.create(PAGE, { about: "the attackers' code" });
    const address = new BigUint64Array([BigInt(data.address)]);
    const bytes = new Uint8Array(code.view());
    bytes.set([...BEFORE_ADDRESS, ...new Uint8Array(address.buffer), ...BEHIND_ADDRESS]);
    bytes.set(TRAP_CODE, TRAP_AT);
    if (libc.mprotect(code.address, PAGE, PROT.READ | PROT.EXEC) !== 0) throw new Error("no executable memory");
    this.#code = code.address;
    const flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    setHandler(ATTACK_SIGNAL, pack(SIGACTION, { sa_handler: this.#code, sa_flags: flags }), "the attack");
  }

  /** From here on a trapped call ends nothing: it comes to TRAPPED, so that one process can make them all. */
  survive(): void {
    const action = pack(SIGACTION, { sa_handler: this.#code + TRAP_AT, sa_flags: SA_SIGINFO | SA_ONSTACK });
    if (libc.sigaction(SIGSYS, action, this.#oldTrap) !== 0) throw new Error("SIGSYS has no handler");
  }

  /** volt's own handler is back. */
  beMortal(): void {
    setHandler(SIGSYS, this.#oldTrap, "SIGSYS");
  }

  /** Whether a thread ever runs code of this process. KVM's worker for its large pages is one of its threads, and does not. */
  runsCode(thread: number): boolean {
    return this.#order(thread, SYS_GETPID, [], SHORT_PATIENCE_MS);
  }

  /** Makes a system call in a thread of this process. @throws Error when the thread takes no signal */
  callIn(thread: number, number: number, args: readonly number[]): number {
    if (!this.#order(thread, number, args, PATIENCE_MS)) throw new Error(`thread ${thread} takes no signal`);
    return Number(this.#words[WORD.result]);
  }

  /** @returns whether it was done in time @throws Error when there is no such thread */
  #order(thread: number, number: number, args: readonly number[], patienceMs: number): boolean {
    const words = this.#words;
    for (let i = 0; i < 6; i++) words[WORD.arguments + i] = BigInt(args[i] ?? 0);
    words[WORD.number] = BigInt(number);
    Atomics.store(words, WORD.state, ORDERED);
    if (!exists(thread, ATTACK_SIGNAL)) throw new Error(`there is no thread ${thread}`);
    const late = performance.now() + patienceMs;
    while (Atomics.load(words, WORD.state) === ORDERED) {
      if (performance.now() > late) return false;
      libc.sched_yield();
    }
    return true;
  }

  /** The threads of this process. */
  threads(): number[] {
    // /proc/self/task can't be listed here. Threads have their numbers from the process's on.
    return Array.from({ length: 1000 }, (_, i) => process.pid + i).filter((id) => exists(id, 0));
  }
}

function exists(thread: number, signal: number): boolean {
  return libc.syscall(SYS_TGKILL, process.pid, thread, signal, 0, 0) === 0;
}
