/** Namespaces of its own: no network, no other process's mounts, IPC objects, host name or cgroups in sight. */
import { O } from "../../../ffi/fd.ts";
import { AT, CLONE } from "../../../ffi/namespaces.ts";
import { SUPERVISE } from "../../../ffi/program/program.ts";
import { Signal } from "../../../ffi/signal.ts";
import type { Mark, Step } from "../step.ts";

const NAMES: Readonly<Record<string, number>> = {
  mount: CLONE.NEWNS,
  network: CLONE.NEWNET,
  IPC: CLONE.NEWIPC,
  UTS: CLONE.NEWUTS,
  cgroup: CLONE.NEWCGROUP,
};
/** Every kind volt takes, as a person calls them. One of PIDs only holds children, so it needs a parent that stays. */
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

const SIG_BLOCK = 0;
const SIGSET_BYTES = 8;

/**
 * @param inside what is done in them
 * @param end the mark of its last step: life goes on there without namespaces
 * @param supervised the signals that a parent outside of a PID namespace hands on; undefined without such a namespace
 */
export function namespaceSteps(
  user: NamespaceUser,
  inside: readonly Step[],
  end: Mark,
  supervised?: readonly number[],
): Step[] {
  const flags = supervised ? [...Object.values(NAMES), CLONE.NEWPID] : Object.values(NAMES);
  const all = flags.reduce((sum, flag) => sum | flag, 0);
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
  return [
    unshare,
    ...(needsUserNamespace ? identityMaps(user) : []),
    ...(supervised ? supervision(supervised) : []),
    ...inside,
  ];
}

/** From here on two processes: the one that was started, and the first of the new namespace, which becomes volt. */
function supervision(signals: readonly number[]): Step[] {
  const set = kernelSignalSet([...signals, Signal.SIGCHLD]);
  return [
    {
      layer: "namespaces",
      call: "rt_sigprocmask",
      arguments: [SIG_BLOCK, set, 0, SIGSET_BYTES],
      about: "signals can't be blocked",
    },
    { layer: "namespaces", call: SUPERVISE, arguments: [set], about: "no child can be made (fork)" },
  ];
}

/** As the kernel has it: bit N - 1 is signal N. */
function kernelSignalSet(signals: readonly number[]): Uint8Array {
  const set = new Uint8Array(SIGSET_BYTES);
  for (const signal of signals) set[(signal - 1) >> 3]! |= 1 << ((signal - 1) & 7);
  return set;
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
