/**
 * Flags of the contract whose part is not built yet. They fail loudly: a VM without its disk, or outside the sandbox
 * somebody counted on, is not what was asked for.
 */

const later = (what: string) =>
  ({ type: "boolean", description: "(not yet)", later: `volt has no ${what} yet` }) as const;
const sandbox = later("sandbox");

export const LATER_FLAGS = {
  api: later("control API"),
  d: later("detached mode"),
  uid: sandbox,
  gid: sandbox,
  cgroup: sandbox,
  "allow-path": sandbox,
  "require-namespaces": sandbox,
  sandbox,
  seccomp: { ...sandbox, default: true },
  landlock: { ...sandbox, default: true },
  namespaces: { ...sandbox, default: true },
} as const;
