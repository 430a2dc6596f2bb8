/** A stored kernel as one file, to carry to another host. */
import { lstatSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { parseElf } from "../boot/elf.ts";
import { bytesSource } from "../boot/source.ts";
import { ConfigError } from "../config/error.ts";
import type { AddedKernel } from "./add.ts";
import { Draft } from "./draft.ts";
import { ANYWHERE } from "./image/unpack.ts";
import type { StoredKernel } from "./list.ts";
import { readManifest } from "./manifest.ts";
import { setFirstDefault } from "./names.ts";
import { commitObject, objectDigest } from "./objects.ts";
import { checkName, MANIFEST, PARTS, type StorePaths } from "./paths.ts";
import { runTool } from "./tool.ts";
import { verifyKernel } from "./verify.ts";

const FILES = [MANIFEST, ...Object.values(PARTS)];

/** @throws ConfigError */
export async function exportKernel({ name, folder, manifest }: StoredKernel, file: string): Promise<void> {
  if (!manifest) throw new ConfigError("", name, "it was not put there by volt: volt kernel add it");
  const present = FILES.filter((part) => lstatSync(`${folder}/${part}`, { throwIfNoEntry: false }));
  const options = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=0644", "--sparse"];
  await runTool(["tar", "-cf", file, ...options, "-C", folder, ...present], { package: "tar" });
}

/**
 * Takes in what `exportKernel` wrote, and believes none of it: digests and headers are checked as if it were new.
 * @throws ConfigError, BootError
 */
export async function importKernel(paths: StorePaths, file: string, name: string): Promise<AddedKernel> {
  checkName(name, "--name");
  using draft = new Draft(paths);
  const into = draft.file("in");
  mkdirSync(into);
  // By name: an archive with other things in it brings none of them.
  const wanted = ["--no-same-owner", "--no-same-permissions", ...FILES];
  await runTool(["tar", "-xf", file, "-C", into, ...wanted], { package: "tar" }).catch(ignoreMissingParts);
  for (const part of FILES) {
    const status = lstatSync(`${into}/${part}`, { throwIfNoEntry: false });
    if (status && !status.isFile())
      throw new ConfigError("", file, `${part} in it is no file: it was not made by volt`);
  }
  const manifest = readManifest(into);
  if (!manifest)
    throw new ConfigError("", file, "this is no kernel that `volt kernel export` wrote: use volt kernel add");
  const digest = objectDigest(manifest);
  const [problem] = verifyKernel({
    name,
    isDefault: false,
    folder: into,
    digest,
    manifest,
    damage: undefined,
    size: 0,
  });
  if (problem !== undefined) throw new ConfigError("", file, problem.replace(`${into}/`, "in it, "));
  parseElf(bytesSource(file, readFileSync(`${into}/${PARTS.vmlinux}`)), ANYWHERE);
  using whole = new Draft(paths);
  for (const part of FILES) {
    if (lstatSync(`${into}/${part}`, { throwIfNoEntry: false })) renameSync(`${into}/${part}`, whole.file(part));
  }
  return { name, ...commitObject(paths, whole, manifest, name), isDefault: setFirstDefault(paths, name) };
}

/** tar complains of parts that an archive does not have; what matters is checked after. */
function ignoreMissingParts(error: unknown): string {
  if (error instanceof ConfigError && /Not found in archive|previous errors/.test(error.message)) return "";
  throw error;
}
