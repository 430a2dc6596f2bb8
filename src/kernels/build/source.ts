/** Where a kernel's source comes from: Debian's package, a tree, or a tarball. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigError } from "../../config/error.ts";
import { aptDownload, aptPackage } from "../debian.ts";
import { fileDigest } from "../digest.ts";
import { runTool } from "../tool.ts";
import { checkPath } from "./make.ts";

/** Source code that can be had, and what it is, before anything of it is fetched. */
export interface KernelSource {
  /** For people, and for the licence note. */
  readonly about: string;
  /** Where the code is, for who gets the kernel. */
  readonly sourceCode: string;
  /** SHA-256 of all of it; undefined for a tree, which can change between two looks. */
  readonly sha256: string | undefined;
  /** Brings it below `folder`. @returns the tree's root */
  unpack(folder: string, say: (text: string) => void): Promise<string>;
}

const DEFAULT_VERSION = "6.1";

/** @param wish undefined, a version that Debian has (`6.1`), a folder or a tarball; @throws ConfigError */
export async function findSource(wish = DEFAULT_VERSION): Promise<KernelSource> {
  if (/^\d+\.\d+$/.test(wish)) return await debianSource(wish);
  const status = statSync(wish, { throwIfNoEntry: false });
  if (!status) throw new ConfigError("", wish, "no such version, folder or tarball: 6.1 is Debian's linux-source-6.1");
  const path = resolve(wish);
  return status.isDirectory() ? treeSource(path) : tarballSource(path);
}

async function debianSource(version: string): Promise<KernelSource> {
  const wanted = await aptPackage(`linux-source-${version}`);
  return {
    about: `${wanted.name} ${wanted.version}`,
    sourceCode: `apt-get source ${wanted.name}=${wanted.version}`,
    sha256: wanted.sha256,
    async unpack(folder, say) {
      say(`downloading ${wanted.name} ${wanted.version}`);
      const file = await aptDownload(wanted, folder);
      say("unpacking");
      await runTool(["dpkg-deb", "-x", file, `${folder}/package`], { package: "dpkg" });
      rmSync(file);
      const tarball = readdirSync(`${folder}/package/usr/src`).find((name) => name.includes(".tar."));
      if (!tarball) throw new ConfigError("", wanted.name, "the package holds no tarball below usr/src: give one");
      const tree = await untar(`${folder}/package/usr/src/${tarball}`, folder);
      rmSync(`${folder}/package`, { recursive: true });
      return tree;
    },
  };
}

function tarballSource(path: string): KernelSource {
  const sha256 = fileDigest(path);
  return {
    about: path,
    sourceCode: `the file with SHA-256 ${sha256}`,
    sha256,
    unpack(folder, say) {
      say("unpacking");
      return untar(path, folder);
    },
  };
}

/** Built outside of the tree, which is only read. */
function treeSource(path: string): KernelSource {
  checkPath(path, "kernel build");
  checkTree(path, path);
  return { about: path, sourceCode: path, sha256: undefined, unpack: async () => path };
}

async function untar(tarball: string, folder: string): Promise<string> {
  const into = `${folder}/source`;
  mkdirSync(into);
  await runTool(["tar", "-xf", tarball, "--no-same-owner", "-C", into], { package: "tar xz-utils" });
  const [top] = readdirSync(into);
  const tree = `${into}/${top}`;
  checkTree(tree, tarball);
  return tree;
}

function checkTree(tree: string, where: string): void {
  if (existsSync(`${tree}/Kconfig`) && existsSync(`${tree}/arch/x86/Kconfig`)) return;
  throw new ConfigError("", where, "this is no source tree of Linux: it has no arch/x86/Kconfig");
}
