import type { CommandDef } from "citty";

/** What citty hands to a command as `data`. */
export interface Invocation {
  /** What came after `--`. */
  readonly rest: readonly string[];
  /** Values of the flags that may be given more than once, by name. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  /** volt itself, with all its commands. */
  readonly main: CommandDef;
  /** When volt's first line ran, in nanoseconds of the monotonic clock. */
  readonly firstLineNs: number;
}
