import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportKernel } from "../../../src/kernels/export.ts";
import { importKernel } from "../../../src/kernels/import.ts";
import { storedKernel } from "../../../src/kernels/list.ts";
import type { Manifest } from "../../../src/kernels/manifest.ts";
import { verifyKernel } from "../../../src/kernels/verify.ts";
import { Home, linux } from "./home.ts";

const CONFIG = "CONFIG_SMP=y\n";

/** Exports the kernel `one`, lets somebody change what is in the archive, and packs it again. */
async function forged(home: Home, change: (folder: string) => void, pack = ["--sparse"]): Promise<string> {
  home.add("one", { config: CONFIG });
  const file = join(home.root, "one.tar");
  await exportKernel(storedKernel(home.paths, "one"), file);
  const folder = mkdtempSync(join(home.root, "forged-"));
  Bun.spawnSync(["tar", "-xf", file, "-C", folder]);
  change(folder);
  Bun.spawnSync(["tar", "-cf", file, ...pack, "-C", folder, ...readdirSync(folder)]);
  return file;
}

function rewrite(folder: string, change: (manifest: Manifest) => object): void {
  const path = `${folder}/manifest.json`;
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")))));
}

/** A store that has nothing but what is imported. */
async function importInto(file: string) {
  using home = new Home();
  return await importKernel(home.paths, file, "imported");
}

describe("import", () => {
  test("leaves a signature behind: it could be another kernel's", async () => {
    using home = new Home();
    const signature = { text: "x", blake2b: "0".repeat(128) };
    const file = await forged(home, (folder) => rewrite(folder, (manifest) => ({ ...manifest, signature })));
    const { manifest, lostSignature } = await importInto(file);
    expect([manifest.signature, lostSignature]).toEqual([undefined, true]);
  });

  test("leaves a recipe behind: volt kernel build would take this kernel for its own", async () => {
    using home = new Home();
    const recipe = { source: "s", configSha256: "0".repeat(64), fragments: [], settings: [], compiler: "gcc" };
    const file = await forged(home, (folder) => rewrite(folder, (manifest) => ({ ...manifest, recipe })));
    expect((await importInto(file)).manifest.recipe).toBeUndefined();
  });

  test("takes from the files what follows from them, whatever the manifest says", async () => {
    using home = new Home();
    const lies = {
      version: "9.9",
      footprint: 1,
      entry: 7,
      pvhEntry: 8,
      features: ["warp"],
      added: "2001-01-01T00:00:00Z",
    };
    const file = await forged(home, (folder) => rewrite(folder, (manifest) => ({ ...manifest, ...lies })));
    const { version, footprint, entry, pvhEntry, features, added } = storedKernel(home.paths, "one").manifest!;
    const { manifest } = await importInto(file);
    expect(manifest).toMatchObject({ version, footprint, entry, pvhEntry, features });
    expect(Date.parse(manifest.added)).toBeGreaterThanOrEqual(Date.parse(added));
  });

  test("does not change what the store knows of a kernel that it has", async () => {
    using home = new Home();
    const file = await forged(home, (folder) => rewrite(folder, (manifest) => ({ ...manifest, licence: "none" })));
    const before = storedKernel(home.paths, "one").manifest;
    await importKernel(home.paths, file, "again");
    expect(storedKernel(home.paths, "one").manifest).toEqual(before!);
    expect(verifyKernel(storedKernel(home.paths, "again"))).toEqual([]);
  });

  test.each(["version", "licence", "format"])("refuses control characters in the %s", async (field) => {
    using home = new Home();
    const file = await forged(home, (folder) => rewrite(folder, (old) => ({ ...old, [field]: "\x1b[2Jx\nvolt" })));
    await expect(importInto(file)).rejects.toThrow(
      `${file}: in it, manifest.json: ${field}: must have no control characters; export it again`,
    );
  });

  test("refuses a file of another size than the manifest says before it reads it", async () => {
    using home = new Home();
    const file = await forged(home, (folder) => truncateSync(`${folder}/vmlinux`, 500 * 2 ** 20));
    await expect(importInto(file)).rejects.toThrow(/in it, vmlinux has changed: it has 524288000 bytes, not \d+$/);
  });

  test.each(["vmlinux", "config", "manifest.json"])(
    "refuses a %s of 60 GiB of holes before it is there",
    async (part) => {
      using home = new Home();
      const file = await forged(home, (folder) => truncateSync(`${folder}/${part}`, 60 * 2 ** 30));
      const start = Date.now();
      await expect(importInto(file)).rejects.toThrow(
        /in it is a file of more than 537919488 bytes: no kernel is that large/,
      );
      expect(Date.now() - start).toBeLessThan(20_000);
    },
  );

  test("refuses folders and links where files belong, and what is no archive of volt's", async () => {
    using home = new Home();
    const folders = await forged(home, (folder) => {
      Bun.spawnSync(["rm", `${folder}/vmlinux`]);
      mkdirSync(`${folder}/vmlinux`);
    });
    await expect(importInto(folders)).rejects.toThrow(/vmlinux in it is no file/);
    for (const pack of [["-z"], ["--transform=s/manifest/other/"]]) {
      const file = await forged(home, () => undefined, pack);
      await expect(importInto(file)).rejects.toThrow(/this is no kernel that `volt kernel export` wrote/);
    }
  });

  test("says which file it can't read, and why", async () => {
    using home = new Home();
    const whole = await forged(home, () => undefined);
    const half = home.write("half:1.tar", readFileSync(whole).subarray(0, 3000));
    await expect(importInto(half)).rejects.toThrow(`${half}: tar: Unexpected EOF in archive: export it again`);
    await expect(importInto(home.root)).rejects.toThrow(`archive: ${home.root} is a directory, not a file`);
    const none = join(home.root, "none.tar");
    await expect(importInto(none)).rejects.toThrow(`archive: there is no file ${none}: check the path`);
  });
});

describe("export", () => {
  test("says which file it can't write, and why", async () => {
    using home = new Home();
    home.add("one");
    const to = (file: string) => exportKernel(storedKernel(home.paths, "one"), file);
    const nowhere = join(home.root, "none/x.tar");
    await expect(to(nowhere)).rejects.toThrow(`${nowhere}: there is no folder for it: make it first`);
    await expect(to("/dev/full")).rejects.toThrow("/dev/full: the disk is full: free some of it");
    await expect(to(home.root)).rejects.toThrow(`${home.root}: this is a directory, not a file`);
  });

  test("takes a colon in a file's name for what it is", async () => {
    using home = new Home();
    home.add("one", { file: home.write("k", linux("one")) });
    await exportKernel(storedKernel(home.paths, "one"), join(home.root, "host:x.tar"));
    expect((await importInto(join(home.root, "host:x.tar"))).manifest.version).toBe("6.1.0-one");
  });
});

test("a path with control characters stands spelt out in the manifest", () => {
  using home = new Home();
  const from = { kind: "file" as const, from: "a\x1b[2J\nb" };
  home.add("one", { from });
  expect(storedKernel(home.paths, "one")).toMatchObject({
    damage: undefined,
    manifest: { source: { from: "a\\x1b[2J\\x0ab" } },
  });
});
