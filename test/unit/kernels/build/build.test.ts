import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuildRequest, buildKernel } from "../../../../src/kernels/build/build.ts";
import { collectGarbage } from "../../../../src/kernels/gc.ts";
import { storedKernel } from "../../../../src/kernels/list.ts";
import { storePaths } from "../../../../src/kernels/paths.ts";
import { verifyKernel } from "../../../../src/kernels/verify.ts";
import { Home, linux } from "../home.ts";

/** Its `.config` is what was asked for, less the options on a line of `dropped`; its vmlinux is there already. */
const MAKEFILE = `
allnoconfig:
	grep -vwf dropped $(KCONFIG_ALLCONFIG) >$(O)/.config
vmlinux:
	@echo "  CC      init/main.o"
	@echo "  AS      arch/x86/head.o"
	@echo "$$KBUILD_BUILD_USER $$KBUILD_BUILD_TIMESTAMP $$KCFLAGS" >>built
	cp prebuilt $(O)/vmlinux
`;

/** A source tree in small, with Linux's own targets. @returns its folder */
function tree(home: Home, dropped = "CONFIG_NOBODY_ASKS_FOR_THIS"): string {
  const folder = join(home.root, "linux-6.1");
  mkdirSync(join(folder, "arch/x86"), { recursive: true });
  writeFileSync(join(folder, "Makefile"), MAKEFILE);
  writeFileSync(join(folder, "Kconfig"), 'config VIRTIO_BLK\n\tbool "disks"\n\tdepends on UNHEARD_OF\n');
  writeFileSync(join(folder, "arch/x86/Kconfig"), "");
  writeFileSync(join(folder, "dropped"), `${dropped}\n`);
  writeFileSync(join(folder, "prebuilt"), linux("built"));
  return folder;
}

function tarball(home: Home): string {
  tree(home);
  const file = join(home.root, "linux.tar.xz");
  const { success } = Bun.spawnSync(["tar", "-cJf", file, "-C", home.root, "linux-6.1"]);
  if (!success) throw new Error("tar failed");
  return file;
}

async function build(home: Home, source: string, more: Partial<BuildRequest> = {}) {
  const said: string[] = [];
  const counts: number[] = [];
  const request = { source, name: "k", fragments: [], settings: [], jobs: 2, ...more };
  const progress = { say: (text: string) => said.push(text), compiled: (count: number) => counts.push(count) };
  return { ...(await buildKernel(home.paths, request, progress)), said, counts };
}

describe("a build", () => {
  test("stores the kernel with its configuration, and how it was made", async () => {
    using home = new Home();
    const { manifest, counts, said, wasThere } = await build(home, tarball(home), { settings: ["BTRFS_FS=y"] });
    expect({ counts, said, wasThere }).toEqual({
      ...{ counts: [1, 2], wasThere: false },
      said: ["unpacking", "configuring", "compiling", "storing"],
    });
    expect(manifest).toMatchObject({
      version: "6.1.0-built",
      source: { kind: "build" },
      features: expect.arrayContaining(["virtio-blk", "vsock", "pvpanic"]),
      recipe: {
        fragments: ["base", "net", "fs", "security"],
        settings: ["BTRFS_FS=y"],
        compiler: expect.stringContaining("gcc"),
      },
    });
    const kernel = storedKernel(home.paths, "k");
    expect(readFileSync(join(kernel.folder, "config"), "utf8")).toContain("\nCONFIG_BTRFS_FS=y\n");
    expect(verifyKernel(kernel)).toEqual([]);
    expect(home.list("drafts")).toEqual([]);
  });

  test("of the same source and configuration is not made again, of another it is", async () => {
    using home = new Home();
    const source = tarball(home);
    const first = await build(home, source);
    const again = await build(home, source, { name: "again" });
    expect(again).toMatchObject({ wasThere: true, digest: first.digest, name: "again", said: [] });
    expect(storedKernel(home.paths, "again").digest).toBe(first.digest);
    expect((await build(home, source, { settings: ["HZ_1000=y"] })).wasThere).toBe(false);
  });

  test("of a tree is made each time, by nobody, on the tree's day, whatever the caller's environment", async () => {
    using home = new Home();
    const folder = tree(home);
    process.env["KCFLAGS"] = "-O0";
    await build(home, folder);
    expect((await build(home, folder)).wasThere).toBe(false);
    delete process.env["KCFLAGS"];
    const [first, second] = readFileSync(join(folder, "built"), "utf8").split("\n");
    expect(first).toMatch(/^volt \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT $/);
    expect(second).toBe(first!);
  });

  test("stops before it compiles where an option did not survive, with the reason", async () => {
    using home = new Home();
    const folder = tree(home, "CONFIG_VIRTIO_BLK");
    await expect(build(home, folder)).rejects.toThrow(
      /^kernel build: CONFIG_VIRTIO_BLK=y \(base\) became n: it depends on UNHEARD_OF$/,
    );
    expect(() => readFileSync(join(folder, "built"))).toThrow();
    expect([home.list("drafts"), home.list("kernels")]).toEqual([[], []]);
  });

  test("that fails says what the compiler complained of, and leaves nothing", async () => {
    using home = new Home();
    const folder = tree(home);
    writeFileSync(
      join(folder, "Makefile"),
      `${MAKEFILE}\nvmlinux: broken\nbroken:\n\t@echo "a.c:1: error: oh" >&2; false\n`,
    );
    await expect(build(home, folder)).rejects.toThrow(/^make: a\.c:1: error: oh$/);
    expect([home.list("drafts"), home.list("kernels")]).toEqual([[], []]);
    expect(collectGarbage(home.paths)).toEqual([]);
  });

  test.each(["a b", "a:b"])("in or of a folder %j is refused before anything is fetched", async (name) => {
    using home = new Home();
    const message = /has a blank or a colon, which Linux's make can't: use another folder$/;
    const request = { source: "6.1", name: "k", fragments: [], settings: [], jobs: 1 };
    const progress = { say: () => {}, compiled: () => {} };
    await expect(buildKernel(storePaths(join(home.root, name)), request, progress)).rejects.toThrow(message);
    const folder = join(home.root, name);
    renameSync(tree(home), folder);
    await expect(build(home, folder)).rejects.toThrow(message);
  });

  test("of what is no source of Linux is refused", async () => {
    using home = new Home();
    const file = home.write("x.tar", "no tar");
    await expect(build(home, "9000")).rejects.toThrow(/^9000: no such version, folder or tarball/);
    await expect(build(home, home.root)).rejects.toThrow(/this is no source tree of Linux/);
    await expect(build(home, file)).rejects.toThrow(/^tar: /);
    await expect(build(home, file, { fragments: ["nets"] })).rejects.toThrow(
      /^--fragment: "nets" is no file, and none of/,
    );
    const large = home.write("vmlinux", new Uint8Array(2 ** 21));
    await expect(build(home, file, { fragments: [large] })).rejects.toThrow(
      /a fragment of a configuration has at most/,
    );
    expect(home.list("drafts")).toEqual([]);
  });
});
