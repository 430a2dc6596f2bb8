import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeb } from "../../../src/kernels/deb.ts";
import { Draft } from "../../../src/kernels/draft.ts";
import { addPackagedKernel } from "../../../src/kernels/install.ts";
import { storedKernel } from "../../../src/kernels/list.ts";
import { verifyKernel } from "../../../src/kernels/verify.ts";
import { bzImageOf, Home, linux } from "./home.ts";

/** Builds a package with `fill`'s files. */
function deb(home: Home, fill: (root: string) => void): string {
  const root = join(home.root, "root");
  mkdirSync(join(root, "DEBIAN"), { recursive: true });
  mkdirSync(join(root, "boot"));
  writeFileSync(
    join(root, "DEBIAN/control"),
    "Package: linux-image-test\nVersion: 1-2\nArchitecture: amd64\nMaintainer: nobody <n@example.org>\nDescription: x\n",
  );
  fill(root);
  const file = join(home.root, "x.deb");
  const built = Bun.spawnSync(["dpkg-deb", "-Znone", "--root-owner-group", "-b", root, file], { stderr: "pipe" });
  if (!built.success) throw new Error(built.stderr.toString());
  return file;
}

async function add(home: Home, file: string) {
  using draft = new Draft(home.paths);
  return await addPackagedKernel(home.paths, draft, file, "k", { kind: "debian package", sha256: "0".repeat(64) });
}

describe("a kernel's package", () => {
  test("gives its kernel with its configuration, and says what it is", async () => {
    using home = new Home();
    const file = deb(home, (root) => {
      writeFileSync(join(root, "boot/vmlinuz-1"), bzImageOf(linux("deb"), "gzip"));
      writeFileSync(join(root, "boot/config-1"), "CONFIG_SMP=y\n");
    });
    expect(isDeb(Buffer.from(await Bun.file(file).arrayBuffer()))).toBe(true);
    const { manifest } = await add(home, file);
    expect(manifest).toMatchObject({
      version: "6.1.0-deb",
      source: { kind: "debian package", from: "linux-image-test 1-2" },
      features: ["smp"],
      licence: expect.stringContaining("apt-get source linux-image-test=1-2"),
    });
    expect(verifyKernel(storedKernel(home.paths, "k"))).toEqual([]);
    expect(home.list("drafts")).toEqual([]);
  });

  test("without a kernel is refused", async () => {
    using home = new Home();
    const file = deb(home, (root) => writeFileSync(join(root, "boot/readme"), "x"));
    await expect(add(home, file)).rejects.toThrow(/this package holds no kernel \(boot\/vmlinuz-\*\)/);
  });

  test("whose kernel or configuration is a link brings nothing of this host into the store", async () => {
    using home = new Home();
    const secret = home.write("secret", "CONFIG_SECRET=y\n");
    const kernel = home.write("vmlinuz", linux("outside"));
    const linked = deb(home, (root) => symlinkSync(kernel, join(root, "boot/vmlinuz-1")));
    await expect(add(home, linked)).rejects.toThrow(/holds no kernel/);
    Bun.spawnSync(["rm", "-r", join(home.root, "root")]);
    const file = deb(home, (root) => {
      writeFileSync(join(root, "boot/vmlinuz-1"), linux("inside"));
      symlinkSync(secret, join(root, "boot/config-1"));
    });
    expect((await add(home, file)).manifest.files.config).toBeUndefined();
  });

  test.each([0.05, 0.5, 0.95])("that ends after %d of it is refused", async (part) => {
    using home = new Home();
    const file = deb(home, (root) => writeFileSync(join(root, "boot/vmlinuz-1"), bzImageOf(linux("cut"), "gzip")));
    const bytes = await Bun.file(file).bytes();
    writeFileSync(file, bytes.subarray(0, bytes.length * part));
    await expect(add(home, file)).rejects.toThrow(/^dpkg-deb: |holds no kernel|cut short|damaged/);
    expect(home.list("objects")).toEqual([]);
  });
});
