/** The report as one page that needs nothing beside it. */
import type { Metric, Report, Result } from "../report/result.ts";
import { figure, placeText, ratioText, ratioTo } from "../report/text.ts";
import { summarize } from "../stats/summary.ts";
import { dots, type MemoryStack, memoryBars, waterfall } from "./plots.ts";
import { STYLE } from "./style.ts";

/** Fewer samples than this are no distribution. */
const ENOUGH_FOR_DOTS = 2;

export function benchPage(report: Report): string {
  const { date, host, programs, results } = report;
  const facts = Object.entries({ measured: date, ...host, ...programs });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>volt: benchmarks</title>
<style>${STYLE}</style>
</head>
<body>
<h1>volt: benchmarks</h1>
<details><summary>The machine and the programs</summary>${definitions(facts)}</details>
${results.map(section).join("\n")}
</body>
</html>
`;
}

function section(result: Result): string {
  const parts = [
    `<h2 id="${text(result.table)}">${text(result.title)}</h2>`,
    `<p>${prose(result.method)} Measured ${placeText(result)}.</p>`,
    result.phases ? figureOf("When each step was over", waterfall(result.phases)) : "",
    ...memory(result),
    ...result.metrics.filter(isDistribution).map((metric) => figureOf(nameOf(metric), dots(metric))),
    result.metrics.length > 0 ? table(result.metrics) : "",
    result.facts ? definitions(result.facts) : "",
    result.absent?.length ? `<p class="absent">Not here: ${text(result.absent.join(", "))}</p>` : "",
  ];
  return `<section>${parts.filter((part) => part !== "").join("\n")}</section>`;
}

/** Only the memory table has these; its metrics are `SIZE: KIND`. */
function memory({ table, metrics }: Result): string[] {
  if (table !== "memory") return [];
  const sizes = [...new Set(metrics.map(({ name }) => name.split(": ")[0]!))];
  return sizes.map((size) => {
    const median = (kind: string, who: string): number =>
      summarize(metrics.find(({ name }) => name === `${size}: ${kind}`)?.samples[who] ?? [0]).median;
    const names = Object.keys(metrics[0]!.samples);
    const stacks: MemoryStack[] = names.map((who) => {
      return { who, privateDirty: median("private and dirty", who), pss: median("PSS", who), rss: median("RSS", who) };
    });
    const legend = "its own and dirty, the rest of its share (PSS), what else is mapped (RSS)";
    return figureOf(`${size}: ${legend}`, memoryBars(stacks));
  });
}

function isDistribution({ samples, name }: Metric): boolean {
  return !/: (RSS|PSS|private)/.test(name) && Object.values(samples).every((list) => list.length >= ENOUGH_FOR_DOTS);
}

/** A metric's name has a row of its own: beside the figures it would push them off a phone's screen. */
function table(metrics: readonly Metric[]): string {
  const rows = metrics.flatMap((metric) => {
    const figures = Object.entries(metric.samples).map(([who, samples]) => {
      const { median, min, max, spread } = summarize(samples);
      const ratio = who === "volt" ? "" : ratioText(ratioTo(metric, who));
      const numbers = [figure(median), figure(min), figure(max), `${Math.round(100 * spread)} %`, ratio];
      const cells = numbers.map((cell) => `<td class="number">${text(cell)}</td>`);
      return `<tr><td>${text(who)}</td>${cells.join("")}</tr>`;
    });
    return [`<tr><th colspan="6" scope="rowgroup">${prose(nameOf(metric))}</th></tr>`, ...figures];
  });
  const head = ["", "median", "min", "max", "spread", "volt / it"].map((cell) => `<th>${cell}</th>`).join("");
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
}

function nameOf({ name, unit }: Metric): string {
  return unit === "" ? name : `${name}, ${unit}`;
}

function figureOf(caption: string, svg: string): string {
  return `<figure><figcaption>${prose(caption)}</figcaption>${svg}</figure>`;
}

function definitions(pairs: readonly (readonly [string, string])[]): string {
  return `<dl>${pairs.map(([name, value]) => `<dt>${text(name)}</dt><dd>${text(value)}</dd>`).join("")}</dl>`;
}

/** Text of ours, in which what stands between backticks is code. */
function prose(value: string): string {
  return text(value).replaceAll(/`([^`]*)`/g, "<code>$1</code>");
}

function text(value: string): string {
  return Bun.escapeHTML(value);
}
