/** Namespaces of its own: no network, no other process's mounts, IPC objects, host name or cgroups in sight. */
import { O } from "../../../ffi/fd.ts";
import { AT, CLONE } from "../../../ffi/namespaces.ts";
import type { Mark, Step } from "../step.ts";

const NAMES: Readonly<Record<string, number>> = {
  mount: CLONE.NEWNS,
  network: CLONE.NEWNET,
  IPC: CLONE.NEWIPC,
  UTS: CLONE.NEWUTS,
  cgroup: CLONE.NEWCGROUP,
};
/** Every kind volt takes, as a person calls them. A PID namespace would only hold children, and volt has none. */
export const NAMESPACES = Object.keys(NAMES);

export interface NamespaceUser {
  readonly uid: number;
  readonly gid: number;
  /** Whether this user may make the others without a user namespace. */
  readonly isPrivileged: boolean;
  /**
   * Whether a user namespace takes this user in under its own number. Root needs CAP_SETFCAP for that (user_namespaces(7)),
   * which a container may lack.
   */
  readonly mapsItself: boolean;
}

/** The step that tells whether there are namespaces. */
export const UNSHARED: Mark = "#unshared";

/** @param inside what is done in them @param end the mark of its last step: life goes on there without namespaces */
export function namespaceSteps(user: NamespaceUser, inside: readonly Step[], end: Mark): Step[] {
  const all = Object.values(NAMES).reduce((flags, flag) => flags | flag, 0);
  const needsUserNamespace = !user.isPrivileged && user.mapsItself;
  const unshare: Step = {
    layer: "namespaces",
    call: "unshare",
    // Who could not live in a user namespace is not to be in one: he is refused here, and goes on without.
    arguments: [(needsUserNamespace ? all | CLONE.NEWUSER : all) >>> 0],
    about: "this host makes none for this user",
    mark: UNSHARED,
    orElse: end,
  };
  return [unshare, ...(needsUserNamespace ? identityMaps(user) : []), ...inside];
}

/** Without maps a user is nobody in his new namespace, to his own files too: then the start stops. */
function identityMaps({ uid, gid }: NamespaceUser): Step[] {
  return [
    // The kernel takes no group map from an ordinary user who could still leave a group that keeps him out of a file.
    ...write("/proc/self/setgroups", "deny"),
    ...write("/proc/self/uid_map", `${uid} ${uid} 1\n`),
    ...write("/proc/self/gid_map", `${gid} ${gid} 1\n`),
  ];
}

function write(path: string, text: string): Step[] {
  const mark: Mark = `#write ${path}`;
  const common = { layer: "namespaces", about: `${path} can't be written` } as const;
  return [
    {
      ...common,
      call: "openat",
      arguments: [AT.FDCWD, path, O.WRONLY | O.CLOEXEC],
      result: { step: mark, argument: 0 },
    },
    { ...common, call: "write", arguments: [0, text, text.length], mark },
  ];
}
