/** What citty hands to a command as `data`. */
export interface Invocation {
  /** What came after `--`. */
  readonly rest: readonly string[];
  /** When volt's first line ran, in nanoseconds of the monotonic clock. */
  readonly firstLineNs: number;
}
