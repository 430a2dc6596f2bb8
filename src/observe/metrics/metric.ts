import type { Readings } from "./readings.ts";

export interface Sample {
  /** The values of the metric's labels, in their order. */
  readonly of: readonly string[];
  readonly value: number;
}

export interface Metric {
  readonly name: string;
  /** A counter only grows, and starts anew with the process. */
  readonly type: "counter" | "gauge";
  /** One line. The unit is in the name. */
  readonly help: string;
  readonly labels: readonly string[];
  read(readings: Readings): Sample[];
}
