/** What many samples of one thing say together. */
import { max, median, min, quantile } from "simple-statistics";

export interface Summary {
  readonly count: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** How far the middle half of the samples lies apart, as a share of the median: how noisy the machine was. */
  readonly spread: number;
}

/** @param samples at least one */
export function summarize(samples: readonly number[]): Summary {
  const values = [...samples];
  const middle = median(values);
  const halfWidth = quantile(values, 0.75) - quantile(values, 0.25);
  return {
    count: values.length,
    median: middle,
    min: min(values),
    max: max(values),
    spread: middle === 0 ? 0 : halfWidth / middle,
  };
}
