/**
 * The one place that opens libc. Everything volt asks of the operating system goes through these symbols.
 *
 * System calls are made by code of our own (system-call-code.ts), under the names that C programs know: where one fails, its
 * result is minus errno. libc would put errno aside, to be read by a second call, and whatever runs in between in this thread
 * (the collector, the JIT) may make a failing call of its own.
 *
 * Conventions: addresses and 64-bit sizes are JavaScript numbers (user space ends at 2^47, well inside 53 bits);
 * `i64_fast` hands back a number as long as it fits 53 bits, and nothing asked of it here exceeds them. Arguments that a call
 * has beyond those named here are 0.
 */
import { dlopen, type FFIFunction, FFIType, linkSymbols, type Pointer } from "bun:ffi";
import { inheritance, systemCallCode } from "./system-call-code.ts";
import { systemCalls } from "./system-call-table.ts";

const i64 = FFIType.i64_fast;

/** What is libc's own. None of them says in errno why it failed. */
const functions = {
  strerror: { args: ["i32"], returns: "cstring" },
  strerrorname_np: { args: ["i32"], returns: "cstring" },
  memcpy: { args: ["ptr", "ptr", "u64"], returns: i64 },
  dlsym: { args: ["ptr", "ptr"], returns: i64 },
  getauxval: { args: ["u64"], returns: i64 },
  gnu_get_libc_version: { args: [], returns: "cstring" },
  /** It fails for signals that can't be handled, and for nothing else. */
  sigaction: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  /** Returns an error's number. */
  pthread_sigmask: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  /** By the vDSO, without a system call. */
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
} as const satisfies Record<string, FFIFunction>;

/** What a pointer argument takes: an address, memory of JavaScript's, or NULL. */
export type Memory = number | NodeJS.TypedArray | DataView | null;

type Argument<T> = null extends T ? Memory : T extends number | bigint ? number : T;
type Result<T> = T extends number | bigint ? number : T;
type Plain<F> = F extends (...args: infer A) => infer R
  ? (...args: { [K in keyof A]: Argument<A[K]> }) => Result<R>
  : never;

/** bun:ffi's own types brand pointers and widen 64-bit results; these say what volt passes and gets. */
type Symbols<Fns extends Record<string, FFIFunction>> = ReturnType<typeof dlopen<Fns>>["symbols"];
type All = Symbols<typeof functions> & Symbols<typeof systemCalls>;
type Libc = { readonly [K in keyof All]: Plain<All[K]> };

const { mmap, mprotect } = systemCalls;
const loaded = dlopen("libc.so.6", { ...functions, mmap, mprotect }).symbols as unknown as Libc;
const addresses = systemCallCode(Object.values(systemCalls), loaded);
export const libc: Libc = { ...loaded, ...linkSystemCalls() };
/** A word of the argv of each Worker that is started under filters. */
export const WORKER_ARGUMENT = inheritance(addresses);

function linkSystemCalls(): Pick<Libc, keyof typeof systemCalls> {
  const linked: Record<string, FFIFunction> = {};
  Object.entries(systemCalls).forEach(([name, { args, returns }], i) => {
    linked[name] = { args, returns, ptr: addresses[i]! as Pointer };
  });
  return linkSymbols(linked).symbols as unknown as Libc;
}
