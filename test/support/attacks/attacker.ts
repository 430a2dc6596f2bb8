/** What attacks are made of: system calls, in whichever thread they are to be made. */
import { Mapping } from "../../../ffi/memory.ts";
import { systemCallNumber } from "../../../ffi/system-calls.ts";

/** Makes a system call in the attacked thread. @returns its result, or minus errno */
export type Execute = (number: number, args: readonly number[]) => number;

const AT_FDCWD = -100;
const SOCK_STREAM = 1;
/** Where arguments lie that the kernel reads. */
const memory = Mapping.create(2 ** 20, { about: "the attackers' arguments" });
const bytes = new Uint8Array(memory.view());

export class Attacker {
  readonly #execute: Execute;
  #used = 0;

  constructor(execute: Execute) {
    this.#execute = execute;
  }

  /** Memory of this process that every thread of it sees. */
  get memory(): number {
    return memory.address;
  }

  /** Puts an argument where the kernel can read it. @returns where */
  address(argument: NodeJS.TypedArray): number {
    const at = this.#used;
    bytes.set(new Uint8Array(argument.buffer, argument.byteOffset, argument.byteLength), at);
    this.#used += Math.ceil(argument.byteLength / 8) * 8;
    return memory.address + at;
  }

  text(string: string): number {
    return this.address(Buffer.from(`${string}\0`));
  }

  /** What the kernel wrote where `address` had put something. */
  view(address: number, length: number): DataView {
    return new DataView(memory.view(address - memory.address, length));
  }

  /** The call's result, or minus errno. */
  call(name: string, ...args: number[]): number {
    return this.#execute(systemCallNumber(name), args);
  }

  /** @returns 0 where it did not fail, else errno */
  fails(name: string, ...args: number[]): number {
    return Math.max(0, -this.call(name, ...args));
  }

  opens(path: string, flags: number): number {
    return this.fails("openat", AT_FDCWD, this.text(path), flags, 0o600);
  }

  connects(domain: number, socketAddress: Uint8Array): number {
    const fd = this.call("socket", domain, SOCK_STREAM, 0);
    return fd < 0 ? -fd : this.fails("connect", fd, this.address(socketAddress), socketAddress.length);
  }
}

/** What it stands for happened if the kernel went on to look at the arguments. */
export function past(error: number, ...later: number[]): number {
  return later.includes(error) ? 0 : error;
}
