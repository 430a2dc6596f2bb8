/** What got worse since an older report. */
import { summarize } from "../stats/summary.ts";
import type { Metric, Report } from "./result.ts";
import { figure } from "./text.ts";

/** Medians differ this much on a quiet machine for no reason at all. */
const NOISE = 0.05;

export interface Change {
  readonly table: string;
  readonly metric: string;
  readonly before: number;
  readonly now: number;
  readonly unit: string;
  /** How much worse, as a share: 0.5 is half as much again, or two thirds as fast. */
  readonly worse: number;
}

/**
 * volt's own medians that are worse by more than the noise and by more than the older samples vary. Figures of two
 * different machines say nothing: look at the hosts.
 */
export function regressions(older: Report, newer: Report): Change[] {
  return newer.results.flatMap(({ table, metrics }) =>
    metrics.flatMap((metric) => {
      const before = older.results
        .find((result) => result.table === table)
        ?.metrics.find(({ name }) => name === metric.name);
      const change = before && changeOf(table, before, metric);
      return change ? [change] : [];
    }),
  );
}

export function changeText({ table, metric, before, now, unit, worse }: Change): string {
  return `${table}: ${metric}: ${figure(before)} -> ${figure(now)} ${unit}: ${Math.round(100 * worse)} % worse`;
}

function changeOf(table: string, before: Metric, now: Metric): Change | undefined {
  const [old, recent] = [before.samples["volt"], now.samples["volt"]];
  if (!old?.length || !recent?.length) return undefined;
  const [a, b] = [summarize(old), summarize(recent)];
  const worse = now.better === "less" ? b.median / a.median - 1 : a.median / b.median - 1;
  const isWorse = worse > Math.max(NOISE, a.spread);
  return isWorse ? { table, metric: now.name, before: a.median, now: b.median, unit: now.unit, worse } : undefined;
}
