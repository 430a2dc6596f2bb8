import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jobMarks, readResults, writeMeasuringInitramfs } from "../../../../bench/guests/measuring.ts";
import { cpio } from "../../../../src/boot/cpio.ts";
import { readCpio } from "../../../../src/boot/cpio-read.ts";

describe("a measuring guest's results", () => {
  test("are read from between whatever else is on its console", () => {
    const output = "volt: info: x\r\nresult rr1 1000 2000000000\r\nnoise\r\nresult sw 5 500000000\r\ndone\r\n";
    expect(jobMarks(["rr1", "sw"])).toEqual(["begin rr1\r", "result rr1 ", "begin sw\r", "result sw "]);
    expect(readResults({ output, cpuAtMarks: [100, 350, 400, 1400] }, ["rr1", "sw"])).toEqual([
      { name: "rr1", count: 1000, seconds: 2, cpuSeconds: 0.25 },
      { name: "sw", count: 5, seconds: 0.5, cpuSeconds: 1 },
    ]);
  });

  test("are an error when it failed, or did not get to its end", () => {
    const read = (output: string) => readResults({ output, cpuAtMarks: [] }, ["a"]);
    expect(() => read("result a 1 1\r\nfailed: /dev/vda: No such file or directory\r\n")).toThrow(
      "the measuring guest failed: /dev/vda",
    );
    expect(() => read("result a 1 1\r\n")).toThrow("did not end");
  });
});

/** An archive of a kernel's modules, as the store keeps it. */
function moduleArchive(names: readonly string[]): Uint8Array {
  const files = names.map((name) => ({ path: `${name}.ko`, data: Buffer.from(`module ${name}`) }));
  const list = { path: "modules.dep", data: Buffer.from(files.map(({ path }) => `${path}:\n`).join("")) };
  const aliases = { path: "modules.alias", data: Buffer.alloc(0) };
  const folders = ["lib", "lib/modules", "lib/modules/6.1"];
  return cpio([
    ...folders.map((path) => ({ kind: "directory", path }) as const),
    ...[list, aliases, ...files].map(
      ({ path, data }) => ({ kind: "file", path: `lib/modules/6.1/${path}`, data }) as const,
    ),
  ]);
}

test("guests of one program with other modules are files of other names: a nested machine reads each but once", () => {
  const folder = mkdtempSync(join(tmpdir(), "volt-measuring-"));
  try {
    const modules = join(folder, "modules.cpio");
    writeFileSync(modules, moduleArchive(["net", "sock"]));
    const kernel = { store: "", name: "", vmlinux: "", bzImage: "", version: "6.1", modules };
    const archives = [["net"], ["sock"]].map((names) => writeMeasuringInitramfs("stream.c", kernel, names, folder));
    const loaded = archives.map((path) => [...readCpio(readFileSync(path))].map((member) => member.path));
    expect(loaded.map((paths) => paths.filter((path) => path.endsWith(".ko")))).toEqual([
      ["modules/000-net.ko"],
      ["modules/000-sock.ko"],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
