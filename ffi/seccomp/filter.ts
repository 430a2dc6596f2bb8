/** Puts a seccomp filter over this thread, or over all: seccomp(2). */
import { ptr } from "bun:ffi";
import { layout, pack, u16, u64 } from "../abi.ts";
import { check, SystemError } from "../error.ts";
import { libc } from "../libc.ts";
import { systemCallNumber } from "../system-calls.ts";

/** struct sock_filter. */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

const INSTRUCTION_BYTES = 8;
const SOCK_FPROG = layout("struct sock_fprog", "linux/filter.h", 16, { len: u16(0), filter: u64(8) });
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_TSYNC = 1;
const EBUSY = 16;

/**
 * There is no way back. The thread (or one it comes from) has set no_new_privs.
 * @param everyThread also over every other thread of the process, and what they start
 * @throws SystemError
 */
export function installFilter(instructions: readonly Instruction[], everyThread: boolean): void {
  const program = new DataView(new ArrayBuffer(instructions.length * INSTRUCTION_BYTES));
  instructions.forEach(({ code, jt, jf, k }, i) => {
    program.setUint16(i * INSTRUCTION_BYTES, code, true);
    program.setUint8(i * INSTRUCTION_BYTES + 2, jt);
    program.setUint8(i * INSTRUCTION_BYTES + 3, jf);
    program.setUint32(i * INSTRUCTION_BYTES + 4, k, true);
  });
  const header = pack(SOCK_FPROG, { len: instructions.length, filter: ptr(program) });
  const flags = everyThread ? SECCOMP_FILTER_FLAG_TSYNC : 0;
  const about = everyThread ? "every thread" : "this thread";
  const call = systemCallNumber("seccomp");
  const result = libc.syscall(call, SECCOMP_SET_MODE_FILTER, flags, ptr(header), 0, 0);
  // With TSYNC: the id of a thread that has another filter.
  if (check(result, "seccomp", about) > 0) throw new SystemError("seccomp", EBUSY, `${about}: thread ${result}`);
}
