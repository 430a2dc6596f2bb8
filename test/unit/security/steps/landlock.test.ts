import { expect, test } from "bun:test";
import { ACCESS_FS, ACCESS_NET, SCOPES } from "../../../../ffi/landlock.ts";
import { handledBy } from "../../../../src/security/steps/landlock.ts";

/** What each version added, by landlock(7). */
const ADDED: readonly (readonly [abi: number, what: string])[] = [
  [1, "MAKE_SYM"],
  [2, "REFER"],
  [3, "TRUNCATE"],
  [4, "BIND_TCP"],
  [4, "CONNECT_TCP"],
  [5, "IOCTL_DEV"],
  [6, "ABSTRACT_UNIX_SOCKET"],
  [6, "SIGNAL"],
];

test.each(Array.from({ length: 8 }, (_, i) => i + 1))(
  "Landlock's version %d is used for all that it can forbid",
  (abi) => {
    const { fs, net, scopes } = handledBy(abi);
    const forbidden: string[] = [...ACCESS_FS.slice(0, fs), ...ACCESS_NET.slice(0, net), ...SCOPES.slice(0, scopes)];
    for (const [since, what] of ADDED) expect([what, forbidden.includes(what)]).toEqual([what, since <= abi]);
  },
);
