/** `volt kernel install`: a distribution's kernel, with the modules that volt's devices need. */
import { existsSync, mkdirSync } from "node:fs";
import { basename } from "node:path";
import { DEBIAN_MODULES, guestModules } from "../../guest/modules.ts";
import { ConfigError } from "../config/error.ts";
import { type AddedKernel, addKernel } from "./add.ts";
import { unpackDeb } from "./deb.ts";
import { aptDependency, aptDownload, aptPackage } from "./debian.ts";
import { Draft } from "./draft.ts";
import type { Manifest } from "./manifest.ts";
import type { StorePaths } from "./paths.ts";

/** What can be installed, and the package that stands for its newest version. */
export const INSTALLABLE: Readonly<Record<string, string>> = {
  debian: "linux-image-amd64",
  "debian-cloud": "linux-image-cloud-amd64",
};

/**
 * @param what a name of INSTALLABLE
 * @param say what goes on, for who waits
 * @throws ConfigError, BootError
 */
export async function installKernel(
  paths: StorePaths,
  what: string,
  name: string,
  say: (text: string) => void,
): Promise<AddedKernel> {
  const meta = Object.hasOwn(INSTALLABLE, what) ? INSTALLABLE[what] : undefined;
  if (!meta) throw new ConfigError("", what, `can't be installed; there are ${Object.keys(INSTALLABLE).join(", ")}`);
  using draft = new Draft(paths);
  const wanted = await aptPackage(await aptDependency(meta, /linux-image-\d[^\s<>]*/));
  say(`downloading ${wanted.name} ${wanted.version}`);
  const download = draft.file("download");
  mkdirSync(download);
  const file = await aptDownload(wanted, download);
  say("unpacking");
  return await addPackagedKernel(paths, draft, file, name, { kind: "debian package", sha256: wanted.sha256 });
}

/** A kernel's package, whoever brought it. @param draft where it is unpacked */
export async function addPackagedKernel(
  paths: StorePaths,
  draft: Draft,
  file: string,
  name: string,
  from: {
    readonly kind: "debian package" | "url";
    readonly sha256: string;
    readonly url?: string;
    readonly signature?: Manifest["signature"];
    /** What messages call the file. */
    readonly called?: string;
    /** Instead of the package's own. */
    readonly config?: string | undefined;
    readonly modules?: Uint8Array | undefined;
  },
): Promise<AddedKernel> {
  const kernel = await unpackDeb(file, draft.path, from.called);
  const id = `${kernel.name} ${kernel.version}`;
  return addKernel(paths, {
    name,
    file: kernel.vmlinuz,
    called: `${from.called ?? file} (${basename(kernel.vmlinuz)})`,
    from: { kind: from.kind, from: from.url ?? id, sha256: from.sha256 },
    signature: from.signature,
    sourceCode: `apt-get source ${kernel.name}=${kernel.version}`,
    config: from.config ?? kernel.config,
    // Packages with the modules apart (Ubuntu's) come without: their kernel is stored as it is.
    modules: from.modules ?? (hasModules(kernel.root) ? guestModules(kernel.root, DEBIAN_MODULES) : undefined),
  });
}

function hasModules(root: string): boolean {
  return existsSync(`${root}/lib/modules`);
}
