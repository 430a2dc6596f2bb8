/** Times of volt's own loops beside those of the same loops in C, taking turns on the same KVM. */
import { join } from "node:path";
import { assemble } from "../../test/kvm/tiny/assemble.ts";
import { compileC } from "../method/compile.ts";

/** Turns each program takes; what disturbs the machine disturbs both. */
const ROUNDS = 10;
const CODE_ADDRESS = 0x1000;
/** Shares of the sorted times. */
const QUANTILES = { p50: 0.5, p99: 0.99, "p99.9": 0.999 };

/** Fills its array with the nanoseconds each of so many events took. */
export type Taker = (times: Uint32Array) => void | Promise<void>;

/** @returns a line of quantiles: volt's, those in C, and how many times as long volt takes */
export async function compareWithC(events: number, inVolt: Taker, inC: Taker): Promise<string> {
  const turn = Math.floor(events / ROUNDS);
  const times = { volt: new Uint32Array(turn * ROUNDS), C: new Uint32Array(turn * ROUNDS) };
  // Once for nothing: the first thousands are interpreted.
  for (let round = -1; round < ROUNDS; round++) {
    const at = Math.max(round, 0) * turn;
    await inVolt(times.volt.subarray(at, at + turn));
    await inC(times.C.subarray(at, at + turn));
  }
  const sorted = { volt: times.volt.toSorted(), C: times.C.toSorted() };
  const rows = Object.entries(QUANTILES).map(([name, share]) => {
    const [volt, c] = [sorted.volt, sorted.C].map((all) => all[Math.floor(share * all.length)]! / 1000);
    return `${name} ${volt!.toFixed(2)} µs, in C ${c!.toFixed(2)} µs: ${(volt! / c!).toFixed(2)} times`;
  });
  return `${turn * ROUNDS} times: ${rows.join("; ")}`;
}

/** Compiles a program beside this file. @returns what takes its times of a guest's code @param scratch a folder */
export function programInC(name: string, scratch: string) {
  const program = join(scratch, name);
  compileC(`../exits/${name}.c`, program);
  return (code: string, times: Uint32Array, ...words: readonly string[]): void => {
    const stdin = Buffer.from(assemble(code, 16, CODE_ADDRESS));
    const { exitCode, stdout, stderr } = Bun.spawnSync([program, String(times.length), ...words], { stdin });
    if (exitCode !== 0) throw new Error(`${name} in C: ${stderr}`);
    times.set(new Uint32Array(Uint8Array.from(stdout).buffer));
  };
}
