import { expect, test } from "bun:test";
import { CLONE } from "../../../ffi/namespaces.ts";
import { namespaceSteps } from "../../../src/security/steps/namespaces.ts";

/** The calls made, and whether the first of them makes a user namespace. */
function way(user: { uid: number; isPrivileged: boolean; mapsItself: boolean }) {
  const [unshare, ...rest] = namespaceSteps({ gid: 7, ...user }, [], "#end");
  const flags = unshare!.arguments[0] as number;
  const paths = rest.filter(({ call }) => call === "openat").map((step) => step.arguments[1]);
  return { call: unshare!.call, ownUsers: (flags & CLONE.NEWUSER) !== 0, orElse: unshare!.orElse, paths };
}

test("who may make namespaces makes no user namespace for them", () => {
  const root = { uid: 0, isPrivileged: true, mapsItself: true };
  expect(way(root)).toEqual({ call: "unshare", ownUsers: false, orElse: "#end", paths: [] });
});

test("an ordinary user makes one, in which he is who he was", () => {
  const paths = ["/proc/self/setgroups", "/proc/self/uid_map", "/proc/self/gid_map"];
  expect(way({ uid: 1000, isPrivileged: false, mapsItself: true })).toMatchObject({ ownUsers: true, paths });
});

test("root without CAP_SETFCAP would be nobody in one, so is refused before, and goes on without", () => {
  const root = { uid: 0, isPrivileged: false, mapsItself: false };
  expect(way(root)).toMatchObject({ ownUsers: false, orElse: "#end", paths: [] });
});
