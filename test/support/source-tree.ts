/** The repository as data: its files, and what each TypeScript file imports. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";

/** Where the repository is. */
export const ROOT = normalize(join(import.meta.dir, "../.."));

/** One import, as it is written and as it resolves. */
export interface Import {
  /** The importing file, relative to the repository. */
  readonly file: string;
  readonly line: number;
  /** As written: `../bus.ts`, `node:fs`, `citty`. */
  readonly specifier: string;
  /** What a relative specifier leads to, relative to the repository; undefined for packages. */
  readonly target: string | undefined;
}

const NOT_OURS = new Set([".git", "node_modules", "dist"]);

/** Every file under `folder`, relative to the repository, sorted. */
export function filesUnder(folder: string, suffix = ""): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      // In a second work tree of git's, .git is a file.
      if (NOT_OURS.has(entry.name)) return [];
      if (entry.isDirectory()) return filesUnder(path, suffix);
      return entry.isFile() && path.endsWith(suffix) ? [path] : [];
    })
    .sort();
}

export function textOf(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** Static imports, re-exports, bare imports and `import("...")`; at the start of a line, so that prose does not count. */
const STATIC = /^[ \t]*(?:import|export)\b(?:[^;"'`]*?\bfrom)?\s*["']([^"'\n]+)["']/gm;
const DYNAMIC = /\b(?:import|require)\(\s*["']([^"'\n]+)["']/g;

/** What a file imports, types included: a type that points the wrong way ties the parts together just the same. */
export function importsOf(file: string, text = textOf(file)): Import[] {
  return [...text.matchAll(STATIC), ...text.matchAll(DYNAMIC)].map((match) => {
    const specifier = match[1]!;
    const isRelative = specifier.startsWith(".");
    return {
      file,
      line: text.slice(0, match.index + match[0].lastIndexOf(specifier)).split("\n").length,
      specifier,
      target: isRelative ? relative(ROOT, join(ROOT, dirname(file), specifier)) : undefined,
    };
  });
}

/** `src/devices/bus.ts:3 imports ../machine/layout.ts`, for messages. */
export function describeImport({ file, line, specifier }: Import): string {
  return `${file}:${line} imports ${specifier}`;
}

/**
 * The first cycle of a graph, its start repeated at the end; undefined where there is none.
 * @param edges where one can go from each node
 */
export function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): string[] | undefined => {
    if (done.has(node)) return undefined;
    const seen = path.indexOf(node);
    if (seen >= 0) return [...path.slice(seen), node];
    path.push(node);
    for (const next of edges.get(node) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(node);
    return undefined;
  };
  for (const node of edges.keys()) {
    const cycle = visit(node);
    if (cycle) return cycle;
  }
  return undefined;
}
