/**
 * Machine code that makes system calls, a function of C's calling convention for each (System V ABI, A.2.1 and A.2.2):
 * what the kernel returns is what it returns, an error as minus errno.
 */
import { toArrayBuffer } from "bun:ffi";

export interface SystemCallFunction {
  /** undefined: it is the function's first argument, the call's own follow. */
  readonly number: number | undefined;
  /** What the function takes, 0 to 6; the call's further arguments are 0. */
  readonly args: readonly unknown[];
}

/** Registers of the call's 4th to 6th argument, where a function has none: `xor r10d, r10d` and so on. */
const ZERO = [
  [0x45, 0x31, 0xd2],
  [0x45, 0x31, 0xc0],
  [0x45, 0x31, 0xc9],
] as const;
/** `mov r10, rcx`: the one register in which the two conventions differ. */
const FOURTH = [0x49, 0x89, 0xca];
/** `syscall; ret` */
const CALL = [0x0f, 0x05, 0xc3];
/** `mov rax, rdi; mov rdi, rsi; mov rsi, rdx; mov rdx, rcx; mov r10, r8; mov r8, r9; xor r9d, r9d` */
const SHIFTED = Uint8Array.fromHex("4889f84889f74889d64889ca4d89c24d89c84531c9");
const ALIGNMENT = 32;
const PAGE = 4096;
const PROT = { READ: 1, WRITE: 2, EXEC: 4 } as const;
const MAP_PRIVATE_ANONYMOUS = 0x22;

/** What gets the memory for it: libc's own, whose result is -1 for any failure. */
export interface Bootstrap {
  mmap(address: null, length: number, prot: number, flags: number, fd: number, offset: number): number;
  mprotect(address: number, length: number, prot: number): number;
}

/** The functions, in memory of this process, for its life. @returns their addresses @throws Error */
export function systemCallCode(functions: readonly SystemCallFunction[], bootstrap: Bootstrap): number[] {
  const address = inheritedCode() ?? writeCode(functions, bootstrap);
  return functions.map((_, i) => address + i * ALIGNMENT);
}

const INHERITED = "--system-calls=";

/**
 * What a Worker is to have in its argv, so that it uses the code of the thread that starts it: under a filter that forbids
 * executable memory it can't make its own. @param addresses what `systemCallCode` returned
 */
export function inheritance(addresses: readonly number[]): string {
  return `${INHERITED}${addresses[0]}`;
}

/** Not in the main thread: there argv is the user's. */
function inheritedCode(): number | undefined {
  if (Bun.isMainThread) return undefined;
  const word = process.argv.find((argument) => argument.startsWith(INHERITED));
  return word === undefined ? undefined : Number(word.slice(INHERITED.length));
}

function writeCode(functions: readonly SystemCallFunction[], { mmap, mprotect }: Bootstrap): number {
  const size = Math.ceil((functions.length * ALIGNMENT) / PAGE) * PAGE;
  const address = mmap(null, size, PROT.READ | PROT.WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
  if (address < 0) throw new Error("this host gives no memory: mmap failed");
  const code = new Uint8Array(toArrayBuffer(address as never, 0, size));
  functions.forEach((one, i) => {
    code.set(functionCode(one), i * ALIGNMENT);
  });
  // Written, then made executable and never writable again.
  if (mprotect(address, size, PROT.READ | PROT.EXEC) !== 0) {
    throw new Error("this host lets no program make code (mprotect failed): a security module forbids it");
  }
  return address;
}

/** One function, at most ALIGNMENT bytes. */
export function functionCode({ number, args: { length: count } }: SystemCallFunction): number[] {
  if (number === undefined) return [...SHIFTED, ...CALL];
  const registers = [...(count > 3 ? FOURTH : ZERO[0]), ...(count > 4 ? [] : ZERO[1]), ...(count > 5 ? [] : ZERO[2])];
  // `mov eax, NUMBER`
  return [...registers, 0xb8, number & 0xff, (number >> 8) & 0xff, 0, 0, ...CALL];
}
