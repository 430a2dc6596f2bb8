/** Landlock: the files volt may still open, and nothing else; no TCP, no signals or abstract sockets to others. */
import { Errno, SystemError } from "../../../ffi/error.ts";
import { type Fd, O } from "../../../ffi/fd.ts";
import { landlockAbi } from "../../../ffi/host.ts";
import {
  ACCESS_FS,
  ACCESS_NET,
  type AccessFs,
  allowPath,
  createRuleset,
  type Handled,
  LANDLOCK_RULE_PATH_BENEATH,
  pathRule,
  SCOPES,
} from "../../../ffi/landlock.ts";
import { AT } from "../../../ffi/namespaces.ts";
import { ConfigError } from "../../config/error.ts";
import { LOADER, LOADER_CACHE, libraryPaths } from "../libraries.ts";
import type { OpenPath } from "../open-path.ts";
import type { Step } from "../step.ts";

/** A path that stays open to volt, and why. */
export interface PathRule {
  readonly path: string;
  readonly access: readonly AccessFs[];
  readonly why: string;
  /** A host may not have it. */
  readonly optional?: boolean;
}

const READ: readonly AccessFs[] = ["READ_FILE"];
const RUN: readonly AccessFs[] = ["EXECUTE", "READ_FILE"];
/** What `--allow-path` gives: all but the making of devices and the running of programs. */
const USE: readonly AccessFs[] = ACCESS_FS.filter((name) => !["EXECUTE", "MAKE_CHAR", "MAKE_BLOCK"].includes(name));
const USE_FILE: readonly AccessFs[] = ["READ_FILE", "WRITE_FILE", "TRUNCATE", "IOCTL_DEV"];

/** Besides /proc/self, which only exists where it is used. */
export function pathRules(
  allowed: readonly { readonly path: string; readonly isFolder: boolean }[],
  open: readonly OpenPath[] = [],
): PathRule[] {
  return [
    { path: "/proc/self/exe", access: RUN, why: "volt itself: stage two is the same file" },
    { path: LOADER, access: RUN, why: "the kernel starts a program by its loader" },
    ...[...libraryPaths().values()]
      .filter((path) => path !== LOADER)
      .map((path) => ({ path, access: READ, why: "the C library's parts" })),
    { path: LOADER_CACHE, access: READ, why: "where the loader looks for them", optional: true },
    ...open.map(({ fd, access, why }) => ({ path: `/proc/self/fd/${fd}`, access, why })),
    ...allowed.map(({ path, isFolder }) => ({ path, access: isFolder ? USE : USE_FILE, why: "--allow-path" })),
  ];
}

export const OWN_PROCESS: PathRule = {
  path: "/proc/self",
  access: READ,
  why: "Bun finds its stack's bounds in maps as it comes up, and JavaScriptCore its size in statm",
};

/** What each version of Landlock can forbid: all that it can is forbidden. */
export function handledBy(abi: number): Handled {
  return {
    fs: abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13,
    net: abi >= 4 ? ACCESS_NET.length : 0,
    scopes: abi >= 6 ? SCOPES.length : 0,
  };
}

/** @throws ConfigError where the host has no Landlock: it is required */
export function requiredAbi(abi: () => number = landlockAbi): number {
  try {
    return abi();
  } catch (error) {
    const off = error instanceof SystemError && error.errno === Errno.EOPNOTSUPP;
    const why = off
      ? "it is not turned on (boot with lsm=landlock,...)"
      : "its kernel has none (CONFIG_SECURITY_LANDLOCK)";
    throw new ConfigError(
      "",
      "--no-landlock",
      `this host can't confine volt by Landlock, ${why}: give the flag to run without`,
    );
  }
}

/** Opens the rules' paths. @returns the ruleset, to be taken along to the program that applies it */
export function landlockRuleset(abi: number, rules: readonly PathRule[]): Fd {
  const handled = handledBy(abi);
  const known = new Set(ACCESS_FS.slice(0, handled.fs));
  const ruleset = createRuleset(handled);
  for (const { path, access, optional } of rules) {
    try {
      allowPath(
        ruleset,
        path,
        access.filter((name) => known.has(name)),
      );
    } catch (error) {
      if (!optional) throw error;
    }
  }
  return ruleset;
}

/** @param ruleset its number */
export function landlockSteps(ruleset: number): Step[] {
  const rule = pathRule(OWN_PROCESS.access);
  const step = (call: string, about: string, ...args: Step["arguments"]): Step => ({
    layer: "Landlock",
    call,
    arguments: args,
    about,
  });
  return [
    // Only here and now: /proc may be another one than stage one's. It stays open for good: the rule is about an inode,
    // and one that nobody holds may be forgotten, and made anew as another that no rule knows.
    {
      ...step("openat", "no /proc/self", AT.FDCWD, OWN_PROCESS.path, O.PATH),
      result: { bytes: rule, offset: 8 },
    },
    step("landlock_add_rule", "/proc/self can't be allowed", ruleset, LANDLOCK_RULE_PATH_BENEATH, rule, 0),
    step("landlock_restrict_self", "it can't be put in force", ruleset, 0),
    step("close", "the ruleset can't be closed", ruleset),
  ];
}
