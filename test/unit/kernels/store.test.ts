import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findKernel, storeFolder } from "../../../src/kernels/store.ts";

/** A store with the kernels `plain` and `modular`, beside a file that is outside of it. */
class Store implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "volt-store-"));
  readonly path = join(this.root, "store");

  constructor() {
    for (const name of ["plain", "modular"]) this.write(`store/kernels/${name}/vmlinux`);
    this.write("store/kernels/modular/modules.cpio");
    this.write("store/vmlinux");
    this.write("store/kernels/vmlinux");
    this.write("vmlinux");
  }

  write(path: string, text = "x"): string {
    const file = join(this.root, path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}

describe("the store's folder", () => {
  test("is VOLT_HOME where that says something", () => {
    expect(storeFolder({ VOLT_HOME: "/x/y", XDG_DATA_HOME: "/z" })).toBe("/x/y");
  });

  test("is below the working directory where VOLT_HOME does not begin at the root", () => {
    expect(storeFolder({ VOLT_HOME: "x/y" })).toBe(`${process.cwd()}/x/y`);
  });

  test.each([{}, { VOLT_HOME: "" }, { XDG_DATA_HOME: "/z" }])(
    "is root's own where %j says nothing that counts",
    (env) => {
      const isRoot = process.getuid?.() === 0;
      expect(storeFolder(env) === "/var/lib/volt").toBe(isRoot);
    },
  );
});

describe("a kernel", () => {
  test("is found by its name in the store, with its modules where it has some", () => {
    using store = new Store();
    const folder = join(store.path, "kernels");
    expect(findKernel("plain", store.path)).toEqual({
      ...{ path: join(folder, "plain/vmlinux"), modulesPath: undefined, inStore: true },
    });
    expect(findKernel("modular", store.path)).toEqual({
      ...{ path: join(folder, "modular/vmlinux"), modulesPath: join(folder, "modular/modules.cpio"), inStore: true },
    });
  });

  test("that is a path is taken as it is, and not as the store's", () => {
    using store = new Store();
    const path = join(store.root, "vmlinux");
    expect(findKernel(path, store.path)).toEqual({ path, modulesPath: undefined, inStore: false });
  });

  test("that nobody named is the store's default, blanks around its name or not", () => {
    using store = new Store();
    store.write("store/kernels/default", " plain\n");
    expect(findKernel(undefined, store.path)).toEqual(findKernel("plain", store.path));
  });

  test.each(["", "\n"])("that nobody named, with a default of %j, is asked for", (text) => {
    using store = new Store();
    store.write("store/kernels/default", text);
    expect(() => findKernel(undefined, store.path)).toThrow(
      `boot-source.kernel_image_path: none given, and the store in ${store.path} has no default: give a vmlinux or bzImage`,
    );
  });

  test.each([
    "..",
    "../..",
    "../kernels/plain",
    "plain/../modular",
    "plain/",
    "./plain",
    "a\0b",
    "plain\n",
    "/plain",
    "%2e%2e",
  ])("named %j is no name of the store", (name) => {
    using store = new Store();
    try {
      expect(findKernel(name, store.path).inStore).toBe(false);
    } catch (error) {
      expect((error as Error).message).toStartWith("boot-source.kernel_image_path: ");
    }
  });

  test("named . is no name of the store either: that would be a file beside the kernels", () => {
    using store = new Store();
    expect(findKernel(".", store.path).inStore).toBe(false);
  });

  test("whose name leads out of the store by the default file is not the store's", () => {
    using store = new Store();
    store.write("store/kernels/default", "../../vmlinux");
    expect(() => findKernel(undefined, store.path)).toThrow(/is neither in the store/);
  });
});
