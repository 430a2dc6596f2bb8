/** The kernel's own build, so that two of the same give the same bytes. */
import { statSync } from "node:fs";
import { ConfigError } from "../../config/error.ts";
import { runTool } from "../tool.ts";

/** What a build needs of the host, and Debian's package that has it. */
const TOOLS = [
  ["make", "make"],
  ["gcc", "gcc"],
  ["ld", "binutils"],
  ["flex", "flex"],
  ["bison", "bison"],
  ["bc", "bc"],
] as const;
const LIBELF = "/usr/include/libelf.h";

/** Variables of a caller's that would make other bytes, or none. */
const NOT_THE_CALLERS = [
  "KCFLAGS",
  "KAFLAGS",
  "CFLAGS",
  "LDFLAGS",
  "MAKEFLAGS",
  "LOCALVERSION",
  "KCONFIG_CONFIG",
  "CROSS_COMPILE",
  "LLVM",
];

/** @throws ConfigError that names what is missing and its package */
export function checkTools(): void {
  const missing: string[] = TOOLS.filter(([name]) => Bun.which(name) === null).map(([, debian]) => debian);
  if (!statSync(LIBELF, { throwIfNoEntry: false })) missing.push("libelf-dev");
  if (missing.length === 0) return;
  const list = missing.join(" ");
  throw new ConfigError("", "kernel build", `the build needs what is not installed: apt-get install ${list}`);
}

/**
 * @param what names the folder, for the message
 * @throws ConfigError for a path that Linux's Makefile can't be in or write to: it says so late, and in its own words
 */
export function checkPath(path: string, what: string): void {
  if (!/[\s:]/.test(path)) return;
  throw new ConfigError("", what, `"${path}" has a blank or a colon, which Linux's make can't: use another folder`);
}

/** The compiler's version line: another one makes other bytes. */
export async function compilerVersion(): Promise<string> {
  return (await runTool(["gcc", "--version"], { package: "gcc" })).split("\n")[0] ?? "";
}

export interface Tree {
  readonly source: string;
  /** Everything is made here; the source is only read. */
  readonly output: string;
}

/** Runs one target of the kernel's Makefile. @throws ConfigError with make's first error */
export async function make(
  { source, output }: Tree,
  target: string,
  options: { jobs?: number; env?: Record<string, string>; onLine?: (line: string) => void } = {},
): Promise<void> {
  const jobs = `-j${options.jobs ?? 1}`;
  await runTool(["make", "-C", source, `O=${output}`, jobs, target], {
    package: "make",
    env: { ...pinned(source), ...options.env },
    ...(options.onLine ? { onLine: options.onLine } : {}),
  });
}

/** Who built it, where and when is in every kernel: said to be nobody, and the day its source is from. */
function pinned(source: string): Record<string, string | undefined> {
  const day = statSync(`${source}/Makefile`).mtime.toUTCString();
  return {
    ARCH: "x86",
    KBUILD_BUILD_USER: "volt",
    KBUILD_BUILD_HOST: "volt",
    KBUILD_BUILD_VERSION: "1",
    KBUILD_BUILD_TIMESTAMP: day,
    ...Object.fromEntries(NOT_THE_CALLERS.map((name) => [name, undefined])),
  };
}
