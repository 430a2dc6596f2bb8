/** Plots as SVG text, drawn here and not in the reader's browser: the page needs no script. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Metric, Phase } from "../report/result.ts";
import { summarize } from "../stats/summary.ts";

/** Each plot is drawn twice, and the page shows the one that fits: scaled down, its text could not be read. */
const WIDTHS = { narrow: 340, wide: 860 } as const;
const VOLT = "#e4572e";
const OTHER = "#5b7a99";
/** Room for the longest name at the left. */
const LEFT = 170;
const LEFT_NARROW = 120;

const { document } = parseHTML("<!doctype html><html><body></body></html>");

/** Every run of a metric as a dot, its median as a line; a row for each program. */
export function dots({ samples, unit }: Metric): string {
  const points = Object.entries(samples).flatMap(([who, values]) => values.map((value) => ({ who, value })));
  const medians = Object.entries(samples).map(([who, values]) => ({ who, value: summarize(values).median }));
  const fill = ({ who }: { who: string }): string => colour(who);
  return drawn((marginLeft, width) => ({
    ...{
      marginLeft,
      width,
      x: { label: unit, grid: true, zero: true },
      y: { label: null, domain: Object.keys(samples) },
    },
    marks: [
      Plot.dot(points, { x: "value", y: "who", fill, fillOpacity: 0.5, r: 3.5 }),
      Plot.tickX(medians, { x: "value", y: "who", stroke: fill, strokeWidth: 2 }),
    ],
  }));
}

/** Each step of a start as a bar from the end of the one before to its own, by the medians. */
export function waterfall(phases: readonly Phase[]): string {
  const steps = phases.map(({ name, at }) => ({ name, end: summarize(at).median })).sort((a, b) => a.end - b.end);
  const bars = steps.map(({ name, end }, i) => ({ name, begin: steps[i - 1]?.end ?? 0, end }));
  return drawn((marginLeft, width) => ({
    ...{ marginLeft, width, x: { label: "ms", grid: true }, y: { label: null, domain: bars.map(({ name }) => name) } },
    marks: [
      Plot.barX(bars, { x1: "begin", x2: "end", y: "name", fill: VOLT }),
      Plot.text(bars, {
        x: "end",
        y: "name",
        text: ({ begin, end }) => (end - begin).toFixed(1),
        dx: 4,
        textAnchor: "start",
      }),
    ],
  }));
}

/** A program's memory: what is its own, the rest of its share, and what else is mapped in. */
export interface MemoryStack {
  readonly who: string;
  readonly privateDirty: number;
  readonly pss: number;
  readonly rss: number;
}

/** Memory in MiB as stacked bars. */
export function memoryBars(stacks: readonly MemoryStack[]): string {
  const kinds = ["private and dirty", "the rest of its share", "shared with others"] as const;
  const parts = stacks.flatMap(({ who, privateDirty, pss, rss }) => [
    { who, kind: kinds[0], mib: privateDirty },
    { who, kind: kinds[1], mib: Math.max(0, pss - privateDirty) },
    { who, kind: kinds[2], mib: Math.max(0, rss - pss) },
  ]);
  return drawn((marginLeft, width) => ({
    ...{ marginLeft, width, x: { label: "MiB", grid: true }, y: { label: null, domain: stacks.map(({ who }) => who) } },
    color: { domain: kinds, range: [VOLT, "#f4a259", "#b8c4d0"], legend: false },
    marks: [
      Plot.barX(parts, {
        x: "mib",
        y: "who",
        fill: "kind",
        title: ({ kind, mib }) => `${kind}: ${mib.toFixed(1)} MiB`,
      }),
    ],
  }));
}

function colour(who: string): string {
  return who.startsWith("volt") ? VOLT : OTHER;
}

function drawn(options: (marginLeft: number, width: number) => Plot.PlotOptions): string {
  const narrow = plot(options(LEFT_NARROW, WIDTHS.narrow));
  const wide = plot(options(LEFT, WIDTHS.wide));
  return `<div class="plot narrow">${narrow}</div><div class="plot wide">${wide}</div>`;
}

function plot(options: Plot.PlotOptions): string {
  return Plot.plot({ document, marginRight: 40, style: { background: "transparent" }, ...options }).outerHTML;
}
