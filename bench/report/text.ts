/** The report as text. */
import { pairedRatio, type Ratio } from "../stats/ratio.ts";
import { summarize } from "../stats/summary.ts";
import { columns } from "./columns.ts";
import type { Metric, Phase, Report, Result } from "./result.ts";

const BAR = 32;

export function hostText({ host, programs, date }: Pick<Report, "host" | "programs" | "date">): string {
  const rows = Object.entries({ date, ...host, ...programs }).map(([name, value]) => [name, value]);
  return columns(rows, []);
}

export function resultText(result: Result): string {
  const parts = [`${result.title} (${placeText(result)})`, `  ${result.method}`];
  if (result.metrics.length > 0) parts.push(metricsText(result.metrics));
  if (result.phases) parts.push(phasesText(result.phases));
  if (result.facts) parts.push(columns(result.facts, []));
  if (result.absent?.length) parts.push(`  not here: ${result.absent.join(", ")}`);
  return parts.join("\n");
}

/** Where a table's figures are of, in a reader's words. */
export function placeText({ place }: Pick<Result, "place">): string {
  return place === "this machine" ? "on this machine" : "in the nested machine, emulated: compare within it only";
}

/** A line for each program; how volt compares in the last column, less than 1 where it needs less. */
function metricsText(metrics: readonly Metric[]): string {
  const head = ["", "", "median", "min", "max", "spread", "runs", "volt / it"];
  const rows = metrics.flatMap((metric) =>
    Object.entries(metric.samples).map(([who, samples], i) => [
      i === 0 ? `${metric.name}${metric.unit ? `, ${metric.unit}` : ""}` : "",
      ...[who, ...figures(samples), who === "volt" ? "" : ratioText(ratioTo(metric, who))],
    ]),
  );
  return columns([head, ...rows], [2, 3, 4, 5, 6]);
}

/** How many times as much volt took as `who`; undefined without volt. */
export function ratioTo({ samples }: Metric, who: string): Ratio | undefined {
  const ours = samples["volt"];
  return ours && pairedRatio(ours, samples[who]!);
}

export function ratioText(ratio: Ratio | undefined): string {
  if (!ratio) return "";
  const interval = ratio.interval ? `  [${ratio.interval[0].toFixed(2)} .. ${ratio.interval[1].toFixed(2)}]` : "";
  return `${ratio.median.toFixed(2)}${interval}`;
}

function figures(samples: readonly number[]): string[] {
  const { median, min, max, spread, count } = summarize(samples);
  return [...[median, min, max].map(figure), `${Math.round(100 * spread)} %`, String(count)];
}

/** Three digits that count. */
export function figure(value: number): string {
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 3));
}

function phasesText(phases: readonly Phase[]): string {
  const medians = phases.map(({ name, at }) => ({ name, at: summarize(at).median })).sort((a, b) => a.at - b.at);
  const end = Math.max(...medians.map(({ at }) => at));
  const rows = medians.map(({ name, at }, i) => {
    const before = medians[i - 1]?.at ?? 0;
    const from = Math.floor((before / end) * BAR);
    const length = Math.max(1, Math.round(((at - before) / end) * BAR));
    return [name, at.toFixed(1), (at - before).toFixed(1), `${" ".repeat(from)}${"█".repeat(length)}`];
  });
  return columns([["", "at, ms", "took, ms", ""], ...rows], [1, 2]);
}
