import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Draft } from "../../../src/kernels/draft.ts";
import { collectGarbage } from "../../../src/kernels/gc.ts";
import { listKernels, storedKernel, usableKernel } from "../../../src/kernels/list.ts";
import { nameObject, removeName, setDefault, tagKernel } from "../../../src/kernels/names.ts";
import { findKernel } from "../../../src/kernels/store.ts";
import { verifyKernel } from "../../../src/kernels/verify.ts";
import { bzImageOf, Home, linux } from "./home.ts";

const names = (home: Home) => listKernels(home.paths).map(({ name, isDefault }) => (isDefault ? `*${name}` : name));

describe("a kernel that is added", () => {
  test("is found by its name, whole and ready to be mapped", () => {
    using home = new Home();
    const { digest } = home.add("one");
    const found = findKernel("one", home.paths.home);
    expect(found).toEqual({ path: `${home.paths.object(digest)}/vmlinux`, modulesPath: undefined, inStore: true });
    expect(verifyKernel(storedKernel(home.paths, "one"))).toEqual([]);
    expect(home.list("drafts")).toEqual([]);
  });

  test("says what it is", () => {
    using home = new Home();
    const file = home.write("bz", bzImageOf(linux("bz"), "xz"));
    const { manifest } = home.add("bz", { file, config: "CONFIG_SMP=y\nCONFIG_VIRTIO_BLK=m\n" });
    expect(manifest).toMatchObject({
      version: "6.1.0-bz",
      format: "bzImage, xz",
      entry: 0x1000000,
      pvhEntry: 0x1000040,
      footprint: 0x4000,
      features: ["smp", "virtio-blk"],
      licence: "GPL-2.0-only WITH Linux-syscall-note; source: nowhere",
    });
    expect(storedKernel(home.paths, "bz").manifest).toEqual(manifest);
  });

  test("is the default when it is the first, and only then", () => {
    using home = new Home();
    expect([home.add("one").isDefault, home.add("two").isDefault]).toEqual([true, false]);
    expect(names(home)).toEqual(["*one", "two"]);
    expect(findKernel(undefined, home.paths.home)).toEqual(findKernel("one", home.paths.home));
  });

  test("a second time is stored once, under both names", () => {
    using home = new Home();
    const file = home.write("same", linux("same"));
    const first = home.add("a", { file });
    expect(home.add("b", { file }).digest).toBe(first.digest);
    expect(home.list("objects")).toEqual([first.digest]);
    expect(names(home)).toEqual(["*a", "b"]);
  });

  test("takes over its name from another one, and from no folder filled by hand", () => {
    using home = new Home();
    home.add("x", { file: home.write("old", linux("old")) });
    home.add("x", { file: home.write("new", linux("new")) });
    expect(storedKernel(home.paths, "x").manifest?.version).toBe("6.1.0-new");

    mkdirSync(home.paths.kernel("hand"));
    writeFileSync(`${home.paths.kernel("hand")}/vmlinux`, "x");
    expect(listKernels(home.paths).map(({ name }) => name)).toEqual(["hand", "x"]);
    expect(() => home.add("hand")).toThrow(
      `hand: volt did not put it there: remove ${home.paths.kernel("hand")} yourself`,
    );
    expect(readFileSync(`${home.paths.kernel("hand")}/vmlinux`, "utf8")).toBe("x");
  });

  test("whose object is only half there is made whole", () => {
    using home = new Home();
    const { digest } = home.add("one");
    const folder = home.paths.object(digest);
    Bun.spawnSync(["rm", `${folder}/manifest.json`, `${folder}/vmlinux`]);
    home.add("one");
    expect(verifyKernel(storedKernel(home.paths, "one"))).toEqual([]);
  });

  test.each(["vmlinux", "config", "modules.cpio"])("again mends its %s, spoilt or gone, and loses nothing", (part) => {
    using home = new Home();
    const more = { config: "CONFIG_SMP=y\n", modules: new Uint8Array(512) };
    const recipe = { source: "s", configSha256: "0".repeat(64), fragments: [], settings: [], compiler: "gcc" };
    const { digest } = home.add("one", { ...more, recipe });
    const path = `${home.paths.object(digest)}/${part}`;
    const spoil = [() => writeFileSync(path, "x"), () => rmSync(path)];
    for (const act of spoil) {
      act();
      expect(verifyKernel(storedKernel(home.paths, "one"))).toHaveLength(1);
      expect(home.add("one", more).manifest.recipe).toEqual(recipe);
      expect(verifyKernel(storedKernel(home.paths, "one"))).toEqual([]);
    }
  });

  test("again leaves what was known of it, but takes what is new", () => {
    using home = new Home();
    const file = home.write("same", linux("same"));
    const { manifest } = home.add("a", { file });
    expect(home.add("b", { file, sourceCode: "elsewhere" }).manifest).toEqual(manifest);
    const recipe = { source: "s", configSha256: "0".repeat(64), fragments: [], settings: [], compiler: "gcc" };
    expect(home.add("b", { file, sourceCode: "elsewhere", recipe }).manifest).toMatchObject({
      ...{ recipe, licence: expect.stringContaining("elsewhere") },
    });
  });

  test.each([
    ["is no kernel", "hello", /this is no kernel that volt knows/],
    ["is empty", "", /is empty/],
    ["has another digest than it should", linux("x"), /its SHA-256 is [0-9a-f]{64}, not 0{64}/],
  ])("and %s leaves the store as it was", (_, contents, message) => {
    using home = new Home();
    const file = home.write("file", contents);
    expect(() => home.add("bad", { file, sha256: "0".repeat(64) })).toThrow(
      typeof contents === "string" && contents !== "" ? /SHA-256/ : message,
    );
    if (typeof contents === "string") expect(() => home.add("bad", { file })).toThrow(message);
    expect([home.list("kernels"), home.list("objects"), home.list("drafts")]).toEqual([[], [], []]);
  });

  test.each(["", "..", ".hidden", "-flag", "a/b", "default", "a b", "x".repeat(101)])("can't be called %j", (name) => {
    using home = new Home();
    const file = home.write("file", linux("x"));
    const kernel = { file, name };
    expect(() => home.add("good", kernel)).toThrow(/^--name: .* can't be a kernel's name/);
  });
});

describe("names", () => {
  test("a tag is one more name of the same kernel", () => {
    using home = new Home();
    const { digest } = home.add("one");
    tagKernel(home.paths, "one", "stable");
    expect(storedKernel(home.paths, "stable").digest).toBe(digest);
  });

  test("the default is moved, and is gone with its kernel", () => {
    using home = new Home();
    home.add("one");
    home.add("two");
    setDefault(home.paths, "two");
    expect(names(home)).toEqual(["one", "*two"]);
    removeName(home.paths, "two");
    expect(names(home)).toEqual(["one"]);
    expect(() => findKernel(undefined, home.paths.home)).toThrow(/has no default/);
  });

  test("what was made by hand is not removed: volt did not put it there", () => {
    using home = new Home();
    home.add("one");
    mkdirSync(home.paths.kernel("hand"));
    writeFileSync(`${home.paths.kernel("hand")}/precious`, "x");
    symlinkSync(home.root, home.paths.kernel("out"));
    for (const name of ["hand", "out"]) {
      expect(() => removeName(home.paths, name)).toThrow(
        `${name}: volt did not put it there: remove ${home.paths.kernel(name)} yourself`,
      );
    }
    expect(existsSync(`${home.paths.kernel("hand")}/precious`)).toBe(true);
    expect(names(home)).toEqual(["hand", "*one", "out"]);
  });

  test("a name whose kernel is gone can be removed, and nothing else be done with it", () => {
    using home = new Home();
    const folder = home.paths.object(home.add("one").digest);
    rmSync(`${folder}/vmlinux`);
    const gone = `one: ${folder}/vmlinux is gone: add the kernel again`;
    const uses = [usableKernel, setDefault, (paths: typeof home.paths, name: string) => tagKernel(paths, name, "x")];
    for (const use of uses) expect(() => use(home.paths, "one")).toThrow(gone);
    rmSync(folder, { recursive: true });
    for (const use of uses)
      expect(() => use(home.paths, "one")).toThrow(`one: ${folder} is gone: add the kernel again`);
    removeName(home.paths, "one");
    expect(names(home)).toEqual([]);
  });

  test("what is not there can't be removed, tagged or made the default", () => {
    using home = new Home();
    home.add("one");
    const message = `no: no kernel of this name in the store (${home.paths.home}); there are one`;
    for (const act of [removeName, setDefault]) expect(() => act(home.paths, "no")).toThrow(message);
    expect(() => tagKernel(home.paths, "no", "x")).toThrow(message);
    expect(() => nameObject(home.paths, "x", "0".repeat(64))).toThrow(/was removed meanwhile/);
  });

  test("a link that leads out of the store is no kernel of it", () => {
    using home = new Home();
    home.add("one");
    home.write("vmlinux", "x");
    symlinkSync(home.root, home.paths.kernel("out"));
    expect(storedKernel(home.paths, "out").digest).toBeUndefined();
    expect(verifyKernel(storedKernel(home.paths, "out"))).toEqual([expect.stringContaining("has no manifest")]);
  });
});

describe("verify", () => {
  test("finds a byte that changed, a file that is missing or new, and a manifest that is damaged", () => {
    using home = new Home();
    const folder = home.paths.object(home.add("one", { modules: new Uint8Array(512) }).digest);
    const problems = () => verifyKernel(storedKernel(home.paths, "one"));
    writeFileSync(join(folder, "config"), "x");
    expect(problems()).toEqual([`${folder}/config is not in the manifest: remove it`]);
    Bun.spawnSync(["rm", join(folder, "config"), join(folder, "modules.cpio")]);
    expect(problems()).toEqual([`${folder}/modules.cpio is missing: add the kernel again`]);
    writeFileSync(join(folder, "modules.cpio"), new Uint8Array(512));
    const bytes = readFileSync(join(folder, "vmlinux"));
    bytes[700]! ^= 1;
    writeFileSync(join(folder, "vmlinux"), bytes);
    expect(problems()).toEqual([expect.stringContaining(`${folder}/vmlinux has changed`)]);
    truncateSync(join(folder, "manifest.json"), 40);
    expect(problems()).toEqual([expect.stringContaining("manifest.json: ")]);
  });
});

describe("gc", () => {
  test("removes kernels without a name, and keeps the others", () => {
    using home = new Home();
    const kept = home.add("kept").digest;
    const gone = home.add("gone").digest;
    removeName(home.paths, "gone");
    const expected = [{ what: "a kernel without a name", path: home.paths.object(gone), size: expect.any(Number) }];
    expect(collectGarbage(home.paths, true)).toEqual(expected as never);
    expect(home.list("objects")).toContain(gone);
    expect(collectGarbage(home.paths)).toEqual(expected as never);
    expect(home.list("objects")).toEqual([kept]);
    expect(collectGarbage(home.paths)).toEqual([]);
  });

  test("removes what killed commands left, and nothing that somebody works on", () => {
    using home = new Home();
    home.add("one");
    mkdirSync(join(home.paths.drafts, "1-dead"), { recursive: true });
    mkdirSync(join(home.paths.downloads, "dead"), { recursive: true });
    writeFileSync(join(home.paths.drafts, "a file"), "x");
    symlinkSync("../objects/x", join(home.paths.kernels, ".one.new"));
    writeFileSync(join(home.paths.kernels, ".default.new"), "on");
    home.add("good.new");
    using draft = new Draft(home.paths);
    expect(collectGarbage(home.paths)).toHaveLength(5);
    expect(existsSync(draft.path)).toBe(true);
    expect(home.list("kernels")).toEqual(["default", "good.new", "one"]);
    expect(home.list("downloads")).toEqual([]);
  });

  test("and ls take a file among the kernels for what it is: no kernel", () => {
    using home = new Home();
    home.add("one");
    writeFileSync(home.paths.kernel("file"), "x");
    expect(listKernels(home.paths)).toMatchObject([{ name: "file", size: 0, manifest: undefined }, { name: "one" }]);
    expect(collectGarbage(home.paths)).toEqual([]);
  });

  test("of a store that can't be read is refused, as ls is: that is not empty", () => {
    using home = new Home();
    writeFileSync(home.paths.home, "x");
    const problem = "it, or a part of it, is a file where a folder must be: give a folder (VOLT_HOME)";
    expect(() => listKernels(home.paths)).toThrow(`${home.paths.kernels}: ${problem}`);
    expect(() => collectGarbage(home.paths)).toThrow(`${home.paths.home}: ${problem}`);
  });

  test("of a store that is not there is nothing", () => {
    using home = new Home();
    expect(collectGarbage(home.paths)).toEqual([]);
    expect(listKernels(home.paths)).toEqual([]);
  });
});
