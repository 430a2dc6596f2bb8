import type { Context } from "../context.ts";
import type { Result } from "../report/result.ts";

/** One subject of the report: each file beside this has one. */
export interface Table {
  /** On the command line. */
  readonly name: string;
  measure(context: Context): Promise<Result>;
}
