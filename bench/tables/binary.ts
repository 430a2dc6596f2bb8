/** What there is to install. */
import { readFileSync, statSync } from "node:fs";
import { constants, zstdCompressSync } from "node:zlib";
import type { Result } from "../report/result.ts";
import type { Table } from "./table.ts";

const ZSTD_LEVEL = 19;
/** Compressing so hard takes a minute: not in a quick report. */
const QUICK_LEVEL = 3;

export const binary: Table = {
  name: "binary",
  async measure({ volt, contenders, options }): Promise<Result> {
    const size = statSync(volt.path).size;
    const runtime = statSync(process.execPath).size;
    const level = options.quick ? QUICK_LEVEL : ZSTD_LEVEL;
    const libraries = contenders.map(({ name, path }) => [`${name}: libraries`, librariesOf(path)] as const);
    return {
      table: "binary",
      title: "Binary size",
      place: "this machine",
      method: "What has to be there to run it. Bun's part is the size of the Bun that built it.",
      metrics: [
        {
          name: "executable",
          unit: "MiB",
          better: "less",
          samples: Object.fromEntries(contenders.map(({ name, path }) => [name, [statSync(path).size / 2 ** 20]])),
        },
      ],
      facts: [
        ["volt: of that Bun", mib(runtime)],
        ["volt: of that volt", mib(size - runtime)],
        [`volt: compressed, zstd -${level}`, mib(compressed(volt.path, level))],
        ...libraries,
      ],
    };
  },
};

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB (${bytes.toLocaleString("en")} bytes)`;
}

function compressed(path: string, level: number): number {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  return zstdCompressSync(readFileSync(path), { params }).length;
}

/** How many shared libraries the loader maps, their names, and what they weigh. */
function librariesOf(path: string): string {
  const lines = Bun.spawnSync(["ldd", path]).stdout.toString().split("\n");
  const files = lines.flatMap((line) => /(\/\S+) \(/.exec(line)?.[1] ?? []);
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  const names = files.map((file) => file.slice(file.lastIndexOf("/") + 1));
  const shown = names.length > 8 ? `${names.slice(0, 8).join(" ")} ...` : names.join(" ");
  return files.length === 0 ? "none" : `${files.length}, ${(bytes / 2 ** 20).toFixed(1)} MiB: ${shown}`;
}
