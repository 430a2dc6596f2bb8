/** `bun bench`: measures volt beside its peers. README.md says how to read what it prints. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../build.ts";
import { Context } from "./context.ts";
import { describeHost } from "./host.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { benchPage } from "./page/page.ts";
import { changeText, regressions } from "./report/compare.ts";
import type { Report, Result } from "./report/result.ts";
import { hostText, resultText } from "./report/text.ts";
import { soak } from "./soak/soak.ts";
import { TABLES } from "./tables/registry.ts";
import type { Table } from "./tables/table.ts";

const DIST = join(import.meta.dirname, "../dist");

try {
  const options = parseOptions(process.argv.slice(2));
  if (options) process.exitCode = await bench(options);
  else console.log(USAGE);
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 125;
}
// A nested machine that was killed may still hold a descriptor: nobody waits for that.
process.exit();

async function bench(options: Options): Promise<number> {
  const older =
    options.compare === undefined ? undefined : (JSON.parse(readFileSync(options.compare, "utf8")) as Report);
  await build();
  await using context = new Context(options, join(DIST, "volt"));
  if (options.soak) return (await soak(context, options.soak)) ? 0 : 1;
  const programs = Object.fromEntries(context.contenders.map(({ name, version }) => [name, version]));
  const head = { date: new Date().toISOString(), host: describeHost(), programs };
  console.log(`\n${hostText(head)}`);
  const results = await measure(context);
  const report: Report = { version: 1, quick: options.quick, ...head, results };
  mkdirSync(DIST, { recursive: true });
  writeFileSync(join(DIST, "bench.json"), `${JSON.stringify(report, undefined, 1)}\n`);
  writeFileSync(join(DIST, "bench.html"), benchPage(report));
  const isWhole = results.length === options.tables.length;
  const isAsGood = !older || judge(older, report);
  return isWhole && isAsGood ? 0 : 1;
}

/** A table that fails costs the report no other: it is named, and the status tells. */
async function measure(context: Context): Promise<Result[]> {
  const results: Result[] = [];
  for (const table of TABLES.filter(({ name }) => context.options.tables.includes(name))) {
    try {
      const result = await measureTable(table, context);
      console.log(`\n${resultText(result)}`);
      results.push(result);
    } catch (error) {
      console.log(`\n${table.name} failed: ${error instanceof Error ? error.message : error}`);
    }
  }
  return results;
}

/** The nested machine can die under a table, by faults of the QEMU that emulates it: it then gets another, once. */
async function measureTable(table: Table, context: Context): Promise<Result> {
  try {
    return await table.measure(context);
  } catch (error) {
    if (await context.isAlive("nested machine")) throw error;
    console.log(`\n${table.name}: the nested machine died, once more in another`);
    return await table.measure(context);
  }
}

/** @returns whether nothing got worse */
function judge(older: Report, newer: Report): boolean {
  const changes = regressions(older, newer);
  console.log(`\nSince ${older.date}: ${changes.length === 0 ? "nothing got worse" : `${changes.length} got worse`}`);
  for (const change of changes) console.log(`  ${changeText(change)}`);
  return changes.length === 0;
}
