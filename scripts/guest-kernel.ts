/** The guest kernels of `npm start` and of the tests, in a kernel store below dist/. */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { DEBIAN_MODULES, guestModules, MODULES_LAYOUT } from "../guest/modules.ts";
import { addKernel } from "../src/kernels/add.ts";
import { buildKernel } from "../src/kernels/build/build.ts";
import { listKernels } from "../src/kernels/list.ts";
import { setDefault } from "../src/kernels/names.ts";
import { PARTS, storePaths } from "../src/kernels/paths.ts";
import { debianCloudKernel } from "../test/testbed/kernel.ts";

const STORE = storePaths(join(import.meta.dirname, "../dist/store"));
const STOCK = "debian-cloud";
const BUILT = "volt";

export interface StockKernel {
  /** VOLT_HOME. */
  readonly store: string;
  /** Its name there, which is also the default. */
  readonly name: string;
  readonly vmlinux: string;
  /** As the package has it. */
  readonly bzImage: string;
  readonly modules: string;
  /** As `uname -r` says it. */
  readonly version: string;
}

/** Debian's cloud kernel: downloaded and put into the store the first time; later it is just there. */
export async function stockKernel(): Promise<StockKernel> {
  const { version, vmlinuz, root } = await debianCloudKernel();
  // What it was made of: another kernel or another list of modules makes it anew.
  const from = `linux-image-${version} with ${DEBIAN_MODULES.join(" ")} (layout ${MODULES_LAYOUT})`;
  const isThere = () =>
    listKernels(STORE).find(({ name, manifest }) => name === STOCK && manifest?.source.from === from);
  if (!isThere()) {
    addKernel(STORE, {
      name: STOCK,
      file: vmlinuz,
      from: { kind: "debian package", from },
      sourceCode: `apt-get source linux-image-${version}`,
      config: readFileSync(join(root, `boot/config-${version}`), "latin1"),
      modules: guestModules(root, DEBIAN_MODULES),
    });
    setDefault(STORE, STOCK);
  }
  const { folder } = isThere()!;
  const part = (name: keyof typeof PARTS) => join(folder, PARTS[name]);
  return {
    store: STORE.home,
    name: STOCK,
    bzImage: vmlinuz,
    version,
    vmlinux: part("vmlinux"),
    modules: part("modules"),
  };
}

/**
 * The kernel that volt builds, by its name in the same store: minutes the first time, then it is there until its source,
 * configuration or compiler change.
 */
export async function builtKernel(): Promise<{ readonly store: string; readonly name: string }> {
  const request = { name: BUILT, source: undefined, fragments: [], settings: [], jobs: cpus().length };
  await buildKernel(STORE, request, { say: (text) => console.error(`guest kernel: ${text}`), compiled: () => {} });
  return { store: STORE.home, name: BUILT };
}

/** Its vmlinux, where it was built before: nobody has to wait for it. */
export function builtKernelIfThere(): string | undefined {
  const built = listKernels(STORE).find(({ name }) => name === BUILT);
  return built && join(built.folder, PARTS.vmlinux);
}

if (import.meta.main) console.log(process.argv[2] === BUILT ? await builtKernel() : await stockKernel());
