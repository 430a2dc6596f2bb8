/** The kernel's filter machine, as far as seccomp filters of volt use it. */
import type { FilterProgram } from "../../ffi/seccomp/filter.ts";

/** struct seccomp_data. */
export interface Call {
  readonly number: number;
  readonly args?: readonly number[];
  /** Default: x86-64. */
  readonly arch?: number;
  readonly instructionPointer?: number;
}

const X86_64 = 0xc000_003e;

/** What a filter says: `allow`, `trap`, `kill`, or an error's number. @throws where the kernel would refuse the filter */
export function verdict(program: FilterProgram, call: Call): "allow" | "trap" | "kill" | number {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.arch ?? X86_64, true);
  data.setBigUint64(8, BigInt(call.instructionPointer ?? 0), true);
  for (const [i, value] of (call.args ?? []).entries()) data.setBigInt64(16 + 8 * i, BigInt(value), true);
  let accumulator = 0;
  for (let at = 0; at < program.length / 2; at++) {
    const word = program[2 * at]!;
    const k = program[2 * at + 1]!;
    const [code, jt, jf] = [word & 0xffff, (word >>> 16) & 0xff, word >>> 24];
    if (code === 0x20) accumulator = data.getUint32(k, true);
    else if (code === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (code === 0x05) at += k;
    else if (code === 0x15) at += accumulator === k ? jt : jf;
    else if (code === 0x25) at += accumulator > k ? jt : jf;
    else if (code === 0x35) at += accumulator >= k ? jt : jf;
    else if (code === 0x06) return action(k);
    else throw new Error(`no such instruction: ${code}`);
  }
  throw new Error("the filter has no end");
}

function action(k: number): ReturnType<typeof verdict> {
  const kind = (k & 0x7fff_0000) >>> 0;
  if (k >>> 31 === 1) return "kill";
  if (kind === 0x7fff_0000) return "allow";
  if (kind === 0x0003_0000) return "trap";
  if (kind === 0x0005_0000) return k & 0xffff;
  throw new Error(`no such action: 0x${k.toString(16)}`);
}
