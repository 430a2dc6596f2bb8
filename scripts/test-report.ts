/** What a run of `bun test` came to, read from the JUnit report that it writes, and of what it says beside it. */
import { DOMParser } from "linkedom";

/** One run of `bun test`. */
export interface TestRun {
  /** JUnit's XML; empty where there is none. */
  readonly report: string;
  /** What it said; the report knows nothing of second tries. */
  readonly said?: string;
  readonly success: boolean;
}

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Names of those that failed before they passed. */
  readonly retried: readonly string[];
  /** Of each failed test: its file, its names from the outside in, and what went wrong. */
  readonly failures: readonly string[];
}

export const NOTHING: Totals = { passed: 0, failed: 0, skipped: 0, retried: [], failures: [] };

/** What is longer than this says it in its first lines. */
const MESSAGE_LINES = 40;
const LINE_LENGTH = 400;

/** A run that ended badly without a failed test (a crash, a file that does not load) counts as one failure. */
export function readTotals({ report, said = "", success }: TestRun): Totals {
  const cases = report === "" ? [] : [...parsed(report).querySelectorAll("testcase")];
  const failures = cases.filter((each) => each.querySelector("failure, error")).map(told);
  const skipped = cases.filter((each) => each.querySelector("skipped")).length;
  const passed = cases.length - failures.length - skipped;
  if (!success && failures.length === 0)
    failures.push("a run of bun test ended badly, and no test of it failed: see above");
  const retried = [...said.matchAll(/^\(pass\) (.*) \(attempt \d+\)/gm)].map(([, name]) => name!);
  return { passed, failed: failures.length, skipped, retried, failures };
}

export function sum(one: Totals, other: Totals): Totals {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
    retried: [...one.retried, ...other.retried],
    failures: [...one.failures, ...other.failures],
  };
}

/** The last lines of a run: the end of a long output is what a person, and a record of it, keeps. */
export function summary({ passed, failed, skipped, retried, failures }: Totals): string {
  const tries = retried.map((name) => `passed at another try (what went wrong is above): ${name}`);
  const count = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return [...tries, ...failures, count].join("\n\n");
}

function parsed(report: string) {
  return new DOMParser().parseFromString(report, "text/xml");
}

type XmlElement = ReturnType<ReturnType<typeof parsed>["querySelectorAll"]>[number];

function told(testcase: XmlElement): string {
  const names: string[] = [];
  for (let at = testcase.parentElement; at?.getAttribute("line"); at = at.parentElement) names.unshift(nameOf(at));
  const said = testcase.querySelector("failure, error")!;
  const message = said.textContent || said.getAttribute("message") || "";
  return [
    `failed: ${testcase.getAttribute("file")}: ${[...names, nameOf(testcase)].join(" > ")}`,
    ...message
      .trimEnd()
      .split("\n")
      .slice(0, MESSAGE_LINES)
      .map((line: string) => `  ${line.slice(0, LINE_LENGTH)}`),
  ].join("\n");
}

/** linkedom leaves an attribute's entities as they are, and not a text's. */
function nameOf(element: XmlElement): string {
  return parsed(`<name>${element.getAttribute("name")}</name>`).documentElement?.textContent ?? "";
}
