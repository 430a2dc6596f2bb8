/** The page as a browser shows it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchPage } from "../../../../bench/page/page.ts";
import type { Report } from "../../../../bench/report/result.ts";
import { installPackage } from "../../../support/debian-packages.ts";
import { REPORT } from "./report.ts";

/** The first time Debian's Chromium is installed: nothing else needs it. */
setDefaultTimeout(300_000);

const CHROMIUM = "/usr/bin/chromium";
/** CSS pixels: a phone, a desk. */
const WIDTHS = [390, 1280];
const HEIGHT = 900;
/** Smaller letters can't be read. */
const LEAST_FONT_PX = 10;

const folder = mkdtempSync(join(tmpdir(), "volt-page-"));

beforeAll(() => installPackage("chromium"));

afterAll(() => {
  Bun.WebView.closeAll();
  rmSync(folder, { recursive: true, force: true });
});

/** What a reader sees of a plot: its marks, and the smallest of its letters. */
interface ShownPlot {
  readonly marks: number;
  readonly fontPx: number;
  /** How far it reaches beyond the window, in pixels. */
  readonly beyond: number;
}

/** Run in the page. Plots that are not displayed have no boxes. */
const LOOK = `(() => {
  const shown = [...document.querySelectorAll("figure svg")].filter((svg) => svg.getBoundingClientRect().width > 0);
  const visible = (element) => { const { width, height } = element.getBoundingClientRect(); return width > 0 || height > 0; };
  return {
    beyond: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    figures: document.querySelectorAll("figure").length,
    narrowestFact: Math.min(...[...document.querySelectorAll("section dd")].map((fact) => fact.getBoundingClientRect().width)),
    headings: [...document.querySelectorAll("h1, h2")].every(visible),
    plots: shown.map((svg) => {
      const box = svg.getBoundingClientRect();
      const scale = box.width / svg.viewBox.baseVal.width;
      const sizes = [...svg.querySelectorAll("text")].map((text) => parseFloat(getComputedStyle(text).fontSize) * scale);
      return {
        marks: [...svg.querySelectorAll('[aria-label="dot"] circle, [aria-label="bar"] rect')].filter(visible).length,
        fontPx: Math.min(...sizes),
        beyond: Math.max(0, ...[...svg.querySelectorAll("text, circle, rect")].map((mark) => mark.getBoundingClientRect().right - innerWidth)),
      };
    }),
  };
})()`;

interface Seen {
  /** How far the whole page can be scrolled to the side. */
  readonly beyond: number;
  readonly figures: number;
  readonly headings: boolean;
  /** Pixels. */
  readonly narrowestFact: number;
  readonly plots: readonly ShownPlot[];
}

/** @returns what is seen, and what the page's console heard */
async function look(html: string, width: number): Promise<{ seen: Seen; heard: string[] }> {
  const heard: string[] = [];
  const page = join(folder, "bench.html");
  writeFileSync(page, html);
  await using view = new Bun.WebView({
    ...{ width, height: HEIGHT, backend: { type: "chrome", path: CHROMIUM, argv: ["--no-sandbox"] } },
    console: (kind: string, ...words: unknown[]) => heard.push(`${kind}: ${words.join(" ")}`),
  });
  await view.navigate(`file://${page}`);
  const seen = (await view.evaluate(LOOK)) as Seen;
  return { seen, heard };
}

function marksOf({ results }: Report): number[] {
  return results.flatMap(({ phases, metrics, table }) => {
    if (phases) return [phases.length];
    if (table === "memory") return [3 * Object.keys(metrics[0]!.samples).length];
    return metrics.map(({ samples }) => Object.values(samples).flat().length);
  });
}

describe.each(WIDTHS)("the page in a window of %d pixels", (width) => {
  test("has every plot once, with all its marks, in letters that can be read, and reaches no further", async () => {
    const { seen, heard } = await look(benchPage(REPORT), width);
    expect(heard).toEqual([]);
    expect(seen.figures).toBe(3);
    expect(seen.headings).toBe(true);
    expect(seen.narrowestFact).toBeGreaterThan(200);
    expect(seen.plots.map(({ marks }) => marks)).toEqual(marksOf(REPORT));
    for (const { fontPx, beyond } of seen.plots) {
      expect(fontPx).toBeGreaterThanOrEqual(LEAST_FONT_PX);
      expect(beyond).toBe(0);
    }
    expect(seen.beyond).toBe(0);
  });
});

test("what a page's console says is heard here", async () => {
  const { heard } = await look("<!doctype html><body><h1>x</h1><script>console.error('bad', 1)</script></body>", 390);
  expect(heard).toEqual(["error: bad 1"]);
});
