/** Landlock: what a thread and its descendants may do with files, beyond what everybody may. See landlock(7). */
import { ptr } from "bun:ffi";
import { layout, pack, u32, u64 } from "./abi.ts";
import { check } from "./error.ts";
import { Fd, O } from "./fd.ts";
import { libc } from "./libc.ts";
import { systemCallNumber } from "./system-calls.ts";

export const RULESET_ATTR = layout("struct landlock_ruleset_attr", "linux/landlock.h", 8, {
  handled_access_fs: u64(0),
});
/** With what newer kernels added: network at 8, scopes at 16. Older headers have only the first field. */
const RULESET_ATTR_BYTES = 24;
export const PATH_BENEATH = layout("struct landlock_path_beneath_attr", "linux/landlock.h", 12, {
  allowed_access: u64(0),
  parent_fd: u32(8),
});

export const LANDLOCK_RULE_PATH_BENEATH = 1;

/** Rights on files, LANDLOCK_ACCESS_FS_*, in the order of their bits. */
export const ACCESS_FS = [
  "EXECUTE",
  "WRITE_FILE",
  "READ_FILE",
  "READ_DIR",
  "REMOVE_DIR",
  "REMOVE_FILE",
  "MAKE_CHAR",
  "MAKE_DIR",
  "MAKE_REG",
  "MAKE_SOCK",
  "MAKE_FIFO",
  "MAKE_BLOCK",
  "MAKE_SYM",
  "REFER",
  "TRUNCATE",
  "IOCTL_DEV",
] as const;
export type AccessFs = (typeof ACCESS_FS)[number];

/** LANDLOCK_ACCESS_NET_*, likewise. */
export const ACCESS_NET = ["BIND_TCP", "CONNECT_TCP"] as const;
/** LANDLOCK_SCOPE_*. */
export const SCOPES = ["ABSTRACT_UNIX_SOCKET", "SIGNAL"] as const;

/** What a ruleset forbids unless a rule allows it: how many of each list, counted from its first. */
export interface Handled {
  readonly fs: number;
  readonly net: number;
  readonly scopes: number;
}

/** @throws SystemError */
export function createRuleset({ fs, net, scopes }: Handled): Fd {
  const attr = new Uint8Array(RULESET_ATTR_BYTES);
  new BigUint64Array(attr.buffer).set([firstBits(fs), firstBits(net), firstBits(scopes)]);
  // A kernel takes a structure larger than its own as long as the rest is zero.
  const call = systemCallNumber("landlock_create_ruleset");
  const number = check(libc.syscall(call, ptr(attr), attr.length, 0, 0, 0), "landlock_create_ruleset", "Landlock");
  return new Fd(number, "the Landlock ruleset");
}

/** What `landlock_add_rule` takes: allows `access` on a file, or on a folder and all below it. */
export function pathRule(access: readonly AccessFs[], parentFd = 0): Uint8Array {
  return pack(PATH_BENEATH, { allowed_access: accessBits(access), parent_fd: parentFd });
}

/** @throws SystemError, for a path that is not there too */
export function allowPath(ruleset: Fd, path: string, access: readonly AccessFs[]): void {
  using file = Fd.open(path, O.PATH);
  const rule = pathRule(access, file.number);
  const call = systemCallNumber("landlock_add_rule");
  check(
    libc.syscall(call, ruleset.number, LANDLOCK_RULE_PATH_BENEATH, ptr(rule), 0, 0),
    "landlock_add_rule",
    `${path} (${access.join(", ")})`,
  );
}

function accessBits(access: readonly AccessFs[]): number {
  return access.reduce((bits, name) => bits | (1 << ACCESS_FS.indexOf(name)), 0);
}

function firstBits(count: number): bigint {
  return (1n << BigInt(count)) - 1n;
}
