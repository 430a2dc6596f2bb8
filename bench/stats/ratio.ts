/**
 * How many times as much one program took as another. Run i of both happened next to each other, on a machine that was
 * as busy for the one as for the other: so each pair gives a ratio, and the median of those is the result.
 */
import { binomialDistribution, median } from "simple-statistics";

export interface Ratio {
  readonly median: number;
  /** Where the true median of the ratios lies, with a confidence of at least 95 %; absent for fewer than six pairs. */
  readonly interval?: readonly [low: number, high: number];
}

const DOUBT = 0.05;

/** @param ours and `theirs`, of the same length, in the order they were measured */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): Ratio {
  const ratios = ours.map((value, i) => value / theirs[i]!).sort((a, b) => a - b);
  const outside = ranksOutside(ratios.length);
  return {
    median: median(ratios),
    ...(outside < 0 ? {} : { interval: [ratios[outside]!, ratios[ratios.length - 1 - outside]!] as const }),
  };
}

/**
 * How many of the lowest and of the highest of `count` sorted values can be left out so that the median of what they were
 * drawn from still lies between the rest: each value is as likely above it as below, whatever the distribution.
 * @returns -1 when even all of them do not reach the confidence
 */
function ranksOutside(count: number): number {
  const chances = binomialDistribution(count, 0.5) ?? [];
  let below = 0;
  for (let rank = 0; rank < count; rank++) {
    below += chances[rank] ?? 0;
    if (2 * below > DOUBT) return rank - 1;
  }
  return -1;
}
