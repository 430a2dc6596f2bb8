/** The shape of the source tree, checked: docs/architecture.md draws the arrow, this keeps it. */
import { describe, expect, test } from "bun:test";
import { partOf, violation } from "../support/import-rules.ts";
import { describeImport, filesUnder, findCycle, type Import, importsOf, textOf } from "../support/source-tree.ts";

const program = [...filesUnder("ffi", ".ts"), ...filesUnder("src", ".ts")];
const everyFile = filesUnder(".");
const typescript = everyFile.filter((file) => file.endsWith(".ts"));

describe("imports", () => {
  test("run one way, and leaves stay leaves", () => {
    expect(program.flatMap((file) => importsOf(file).flatMap((found) => violation(found) ?? []))).toEqual([]);
  });

  test("of bun:ffi are in ffi/ only", () => {
    // Bun's own parser: tests hold programs as text, which import what they like.
    const parser = new Bun.Transpiler({ loader: "ts" });
    const users = typescript.filter((file) => parser.scanImports(textOf(file)).some(({ path }) => path === "bun:ffi"));
    expect(users.filter((file) => partOf(file) !== "ffi")).toEqual([]);
    expect(users).toContain("ffi/libc.ts");
  });

  test("lead to files that exist, by their full name", () => {
    const known = new Set(everyFile);
    const missing = program
      .flatMap((file) => importsOf(file))
      // What is built has no file yet in a fresh clone.
      .filter(({ target }) => target !== undefined && !target.startsWith("dist/") && !known.has(target));
    expect(missing.map(describeImport)).toEqual([]);
  });

  test("form no cycle, of files or of parts", () => {
    expect(findCycle(graph((file) => file))).toBeUndefined();
    expect(findCycle(graph((file) => partOf(file) ?? file))).toBeUndefined();
  });
});

describe("the rules", () => {
  const imported = (file: string, specifier: string): string | undefined => {
    const [found] = importsOf(file, `import type { Thing } from "${specifier}";`);
    return violation(found as Import);
  };

  test("name the file and the import they refuse", () => {
    expect(imported("src/boot/elf.ts", "../machine/layout.ts")).toBe(
      "src/boot/elf.ts:1 imports ../machine/layout.ts: boot is below machine",
    );
  });

  test.each([
    ["src/devices/bus.ts", "bun:ffi"],
    ["src/cpu/loop.ts", "../cli/run.ts"],
    ["src/machine/plan.ts", "../api/server.ts"],
    ["src/memory/ram.ts", "../boot/elf.ts"],
    ["ffi/fd.ts", "../src/config/vm.ts"],
    ["ffi/fd.ts", "citty"],
    ["src/config/vm.ts", "../../ffi/fd.ts"],
    ["src/config/vm.ts", "citty"],
    ["src/observe/log.ts", "../../ffi/memory.ts"],
    ["src/observe/log.ts", "../config/vm.ts"],
    ["src/http/header.ts", "../config/vm.ts"],
    ["src/machine/start.ts", "../../test/support/source-tree.ts"],
    ["src/stranger/file.ts", "../memory/ram.ts"],
  ])("refuse %s importing %s", (file, specifier) => {
    expect(imported(file, specifier)).toStartWith(`${file}:1 imports ${specifier}: `);
  });

  test.each([
    ["src/cli/run.ts", "citty"],
    ["src/cli/run.ts", "../machine/plan.ts"],
    ["src/cpu/loop.ts", "../devices/bus.ts"],
    ["src/devices/serial.ts", "../observe/log.ts"],
    ["src/machine/plan.ts", "../config/vm.ts"],
    ["src/config/vm.ts", "valibot"],
    ["src/observe/log.ts", "../../ffi/clock.ts"],
    ["src/boot/elf.ts", "node:path"],
    ["src/devices/mmds/http.ts", "../../http/header.ts"],
    ["ffi/fd.ts", "bun:ffi"],
  ])("allow %s importing %s", (file, specifier) => {
    expect(imported(file, specifier)).toBeUndefined();
  });

  test("see every way to write an import", () => {
    const text = [
      'import a from "./a.ts";',
      "import {\n  b,\n  type c,\n} from './b.ts';",
      'export { d } from "./d.ts";',
      'export * from "./e.ts";',
      'import "./f.ts";',
      'const g = await import("./g.ts");',
      '// prose: import nothing from "./h.ts"',
    ].join("\n");
    const found = importsOf("src/x/x.ts", text);
    expect(found.map(({ target }) => target)).toEqual(["a", "b", "d", "e", "f", "g"].map((name) => `src/x/${name}.ts`));
    expect(found.map(({ line }) => line)).toEqual([1, 5, 6, 7, 8, 9]);
  });

  test("find a cycle and say its way", () => {
    const edges = new Map([
      ["a", ["b"]],
      ["b", ["c", "d"]],
      ["c", []],
      ["d", ["b"]],
    ]);
    expect(findCycle(edges)).toEqual(["b", "d", "b"]);
  });
});

test("no file names a folder of one machine", () => {
  // Spelt in pieces, so that this file does not hold what it looks for.
  const someonesHome = new RegExp(`(?<![\\w./-])/(?:home|Users)/\\w+/|(?<![\\w./-])/${"work"}/`);
  const guilty = everyFile.flatMap((file) => {
    const found = someonesHome.exec(textOf(file))?.[0];
    return found === undefined ? [] : [`${file}: ${found}`];
  });
  expect(guilty).toEqual([]);
});

/** Edges between what `nodeOf` makes of files, without those from a node to itself. */
function graph(nodeOf: (file: string) => string): Map<string, string[]> {
  const edges = new Map<string, string[]>();
  for (const file of program) {
    const targets = importsOf(file).flatMap(({ target }) => (target === undefined ? [] : [nodeOf(target)]));
    const from = nodeOf(file);
    edges.set(from, [...(edges.get(from) ?? []), ...targets.filter((to) => to !== from)]);
  }
  return edges;
}
