/**
 * Flags of the contract whose part is not built yet. They fail loudly: a VM without its disk, or outside the sandbox
 * somebody counted on, is not what was asked for.
 */

const later = (what: string) =>
  ({ type: "boolean", description: "(not yet)", later: `volt has no ${what} yet` }) as const;

export const LATER_FLAGS = {
  d: later("detached mode"),
} as const;
