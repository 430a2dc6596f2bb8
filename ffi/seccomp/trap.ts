/** The handler of SIGSYS: what happens when a filter traps a system call. */
import { pack } from "../abi.ts";
import { check } from "../error.ts";
import { libc } from "../libc.ts";
import { MAP, Mapping, PROT } from "../memory.ts";
import { SIGACTION, setHandler } from "../signal.ts";
import { FIRST_CALLS, SECOND_CALLS } from "../system-calls.ts";
import {
  AUDIT_CODE,
  AUDIT_RECORD_BYTES,
  AUDIT_RETURN,
  CODE_BYTES,
  ENFORCE_CODE,
  ENFORCE_STATUS,
  MOST_RECORDS,
  TRAP_DATA,
} from "./trap-code.ts";

const SIGSYS = 31;
/** What a shell makes of an end by SIGSYS. */
const EXIT_BY_SIGSYS = 128 + SIGSYS;
const SA_SIGINFO = 4;
const SA_ONSTACK = 0x0800_0000;
const SA_NODEFER = 0x4000_0000;

/** What is said when the process is ended: `PREFIX thread MIDDLE call(..., 0x12345678 SUFFIX`. */
export interface TrapWords {
  /** At most 190 bytes. */
  readonly prefix: string;
  /** At most 60 bytes. */
  readonly middle: string;
  /** At most 120 bytes. */
  readonly suffix: string;
}

/** A call that an audit has noted. */
export interface AuditedCall {
  readonly number: number;
  readonly threadId: number;
  /** Its low 32 bits. */
  readonly secondArgument: number;
}

/** For the life of the process: there is no way back from a filter, so there is none from its handler. */
export class SeccompTrap {
  readonly #memory: Mapping;
  readonly #data: Uint8Array;

  /** @param status what the process ends with, for a code that ends it */
  private constructor(code: Uint8Array, status?: number) {
    this.#memory = Mapping.create(CODE_BYTES + TRAP_DATA.size, {
      about: "the seccomp trap",
      flags: MAP.PRIVATE | MAP.ANONYMOUS,
    });
    new Uint8Array(this.#memory.view()).set(code);
    if (status !== undefined) new DataView(this.#memory.view()).setUint32(ENFORCE_STATUS, status, true);
    this.#data = new Uint8Array(this.#memory.view(CODE_BYTES));
    // Written, then made executable and never writable again.
    check(libc.mprotect(this.#memory.address, CODE_BYTES, PROT.READ | PROT.EXEC), "mprotect", this.#memory.about);
  }

  /** A trapped call is written to `log` and ends the process. */
  static enforce(log: number, words: TrapWords, status = EXIT_BY_SIGSYS): SeccompTrap {
    const trap = new SeccompTrap(ENFORCE_CODE, status);
    trap.#write(TRAP_DATA.prefix, words.prefix);
    trap.#write(TRAP_DATA.middle, words.middle);
    trap.#write(TRAP_DATA.opening, "(..., 0x");
    trap.#write(TRAP_DATA.suffix, words.suffix);
    const numbers = new Int32Array(trap.#data.buffer, trap.#data.byteOffset, TRAP_DATA.prefix / 4);
    numbers[TRAP_DATA.log / 4] = log;
    trap.#write(TRAP_DATA.firstNames, FIRST_CALLS);
    trap.#write(TRAP_DATA.secondNames, SECOND_CALLS);
    trap.#install(0);
    return trap;
  }

  /** A trapped call is noted and made. */
  static audit(): SeccompTrap {
    const trap = new SeccompTrap(AUDIT_CODE);
    trap.#install(SA_NODEFER);
    return trap;
  }

  /** Where an audited call comes from: what a filter has to let through. */
  get auditReturn(): number {
    return this.#memory.address + AUDIT_RETURN;
  }

  /** What was noted so far: the first calls, and how many there were. */
  audited(): { readonly calls: readonly AuditedCall[]; readonly count: number } {
    const words = new Uint32Array(this.#data.buffer, this.#data.byteOffset, TRAP_DATA.size / 4);
    const count = words[TRAP_DATA.count / 4]!;
    const calls = Array.from({ length: Math.min(count, MOST_RECORDS) }, (_, i) => {
      const at = (TRAP_DATA.records + AUDIT_RECORD_BYTES * i) / 4;
      return { number: words[at]!, threadId: words[at + 1]!, secondArgument: words[at + 2]! };
    });
    return { calls, count };
  }

  #write(offset: number, text: string): void {
    this.#data.set(Buffer.from(text), offset);
  }

  #install(flags: number): void {
    const action = pack(SIGACTION, { sa_handler: this.#memory.address, sa_flags: SA_SIGINFO | SA_ONSTACK | flags });
    setHandler(SIGSYS, action, "SIGSYS");
  }
}
