import { describe, expect, test } from "bun:test";
import { parseHTML } from "linkedom";
import { benchPage } from "../../../../bench/page/page.ts";
import { REPORT } from "./report.ts";

const html = benchPage(REPORT);
const { document } = parseHTML(html);
const section = (table: string) => document.getElementById(table)!.parentElement!;
/** The plot for desks of a table's first figure. */
const plot = (table: string) => section(table).querySelector("figure .wide svg")!;

describe("the page", () => {
  test("needs nothing from anywhere: no script, no link but an empty icon", () => {
    expect(document.querySelectorAll("script").length).toBe(0);
    expect([...document.querySelectorAll("[src], link")].map((element) => element.getAttribute("href"))).toEqual([
      "data:,",
    ]);
    expect(html).not.toMatch(/https?:\/\/(?!www\.w3\.org\/)/);
  });

  test("has a dot for each run, and a line for each median", () => {
    expect(plot("start").querySelectorAll('[aria-label="dot"] circle').length).toBe(6);
    expect(plot("start").querySelectorAll('[aria-label="tick"] line').length).toBe(2);
  });

  test("has a bar for each step of a start", () => {
    expect(plot("phases").querySelectorAll('[aria-label="bar"] rect').length).toBe(3);
  });

  test("has memory as three bars on top of each other", () => {
    expect(plot("memory").querySelectorAll('[aria-label="bar"] rect').length).toBe(6);
  });

  test("has every plot once for a phone and once for a desk", () => {
    expect(document.querySelectorAll(".narrow svg").length).toBe(3);
    expect(document.querySelectorAll(".wide svg").length).toBe(3);
  });

  test("has the figures, the ratios and who is missing as text", () => {
    const cells = [...section("start").querySelectorAll("tbody tr")].map((row) =>
      [...row.querySelectorAll("td")].map((cell) => cell.textContent),
    );
    expect(cells).toEqual([
      [],
      ["volt", "11.0", "10.0", "12.0", "9 %", ""],
      ["qemu", "22.0", "20.0", "24.0", "9 %", "0.50"],
    ]);
    expect([...section("start").querySelectorAll("tbody th")].map((cell) => cell.textContent)).toEqual(["life, ms"]);
    expect(section("start").textContent).toContain("Not here: lkvm");
  });

  test("shows what a machine calls itself as text, whatever it is", () => {
    expect(html).toContain("&lt;b&gt;a &amp; b&lt;/b&gt;");
  });
});
