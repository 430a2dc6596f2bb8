/** What a table gives: samples and facts, with no judgement yet. It is what `dist/bench.json` holds. */

/**
 * Where something was measured. The nested machine is emulated in software: every program is ten times slower there, and
 * exits cost more, so its figures compare with each other only.
 */
export type Place = "this machine" | "nested machine";

export interface Metric {
  readonly name: string;
  readonly unit: "ms" | "µs" | "MiB" | "bytes" | "1/s" | "MiB/s" | "ms/GiB" | "";
  readonly better: "less" | "more";
  /** Samples by program, volt's first. Sample i of all of them is from the same round. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

/** A step of a start: when it was over, in milliseconds since the process started, run by run. */
export interface Phase {
  readonly name: string;
  readonly at: readonly number[];
}

export interface Result {
  /** The table's name on the command line. */
  readonly table: string;
  readonly title: string;
  readonly place: Place;
  /** What was done, in a sentence or two. */
  readonly method: string;
  readonly metrics: readonly Metric[];
  /** Steps of volt's start, where that is the subject. */
  readonly phases?: readonly Phase[];
  /** What is no sample: a size, a list of libraries. */
  readonly facts?: readonly (readonly [name: string, value: string])[];
  /** Contenders that are missing, and why. */
  readonly absent?: readonly string[];
}

export interface Report {
  readonly version: 1;
  /** ISO 8601. */
  readonly date: string;
  readonly quick: boolean;
  /** The machine, name by name. */
  readonly host: Readonly<Record<string, string>>;
  readonly programs: Readonly<Record<string, string>>;
  readonly results: readonly Result[];
}
