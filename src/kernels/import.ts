/** Takes in what `exportKernel` wrote, on another host or by somebody else: none of it is believed. */
import { lstatSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { parseElf } from "../boot/elf.ts";
import { bytesSource } from "../boot/source.ts";
import { ConfigError } from "../config/error.ts";
import { openInput } from "../host/open-file.ts";
import type { AddedKernel } from "./add.ts";
import { Draft } from "./draft.ts";
import { ARCHIVED, STDIO } from "./export.ts";
import { factsOf } from "./image/describe.ts";
import { ANYWHERE } from "./image/unpack.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { setFirstDefault } from "./names.ts";
import { commitObject } from "./objects.ts";
import { partProblems } from "./parts.ts";
import { checkName, MANIFEST, PARTS, type Part, type StorePaths } from "./paths.ts";
import { fullDisk, tar } from "./tar.ts";
import { writing } from "./writing.ts";

/** Of one file of a kernel: what `add` keeps (image/layout-elf.ts), and room for what aligns it. */
const PART_MAX = 513 * 2 ** 20;
const MANIFEST_MAX = 2 ** 20;
const FOREIGN = "this is no kernel that `volt kernel export` wrote: use volt kernel add";

export interface ImportedKernel extends AddedKernel {
  /** Whether the archive said that the kernel is signed, which nothing in it can show, and the store does not know it. */
  readonly lostSignature: boolean;
}

/**
 * Digests are compared, and what follows from the files is taken from them. A signature is of the file that once came,
 * which is not in the archive: it could as well be another kernel's, so it stays behind, and so does the recipe, by which
 * `volt kernel build` would take this kernel for its own.
 * @param file "-" for stdin
 * @throws ConfigError, BootError
 */
export async function importKernel(paths: StorePaths, file: string, name: string): Promise<ImportedKernel> {
  checkName(name, "--name");
  using draft = new Draft(paths);
  const into = draft.file("in");
  writing(paths.home, () => mkdirSync(into));
  await unpack(paths, file, into);
  const { signature, recipe: _, ...claimed } = manifestIn(file, into);
  const [problem] = partProblems(into, claimed);
  if (problem !== undefined) throw new ConfigError("", file, problem.replace(`${into}/`, "in it, "));

  const vmlinux = readFileSync(`${into}/${PARTS.vmlinux}`);
  const image = parseElf(bytesSource(file, vmlinux), ANYWHERE);
  const config = claimed.files.config && readFileSync(`${into}/${PARTS.config}`, "latin1");
  const { pvhEntry: __, ...rest } = claimed;
  const manifest = { ...rest, ...factsOf(image, vmlinux, config), added: new Date().toISOString() };
  return writing(paths.home, () => {
    using whole = new Draft(paths);
    for (const part of Object.keys(claimed.files) as Part[]) {
      renameSync(`${into}/${PARTS[part]}`, whole.file(PARTS[part]));
    }
    const stored = commitObject(paths, whole, manifest, name);
    const lostSignature = signature !== undefined && stored.manifest.signature === undefined;
    return { name, ...stored, isDefault: setFirstDefault(paths, name), lostSignature };
  });
}

async function unpack(paths: StorePaths, file: string, into: string): Promise<void> {
  using fd = file === STDIO ? undefined : openInput(file, "archive").fd;
  // By name, and the first of each name: an archive with other things in it brings none of them.
  const only = ["--no-same-owner", "--no-same-permissions", "--no-recursion", "--occurrence=1", ...ARCHIVED];
  const complaints = await tar(["-x", "-C", into, ...only], { stdin: fd?.number ?? 0, most: PART_MAX });
  const isTooLarge = (part: string) => (lstatSync(`${into}/${part}`, { throwIfNoEntry: false })?.size ?? 0) >= PART_MAX;
  if (complaints.some((line) => /SIGXFSZ|File too large/.test(line)) || ARCHIVED.some(isTooLarge)) {
    throw new ConfigError("", file, `in it is a file of more than ${PART_MAX} bytes: no kernel is that large`);
  }
  const full = fullDisk(complaints);
  if (full !== undefined) throw new ConfigError("", paths.home, `${full}, or put the store elsewhere (VOLT_HOME)`);
  if (complaints.some((line) => /not look like a tar|is compressed/.test(line)))
    throw new ConfigError("", file, FOREIGN);
  // Few kernels have every part; which of them must be there, the manifest says.
  const problem = complaints.find((line) => !/Not found in archive|Required occurrence/.test(line));
  if (problem !== undefined) throw new ConfigError("", file, `tar: ${problem}: export it again`);
}

/** The manifest, when the files beside it can be what it lists: before a byte of them is read. */
function manifestIn(file: string, into: string): Manifest {
  const sizes = new Map<string, number>();
  for (const part of ARCHIVED) {
    const status = lstatSync(`${into}/${part}`, { throwIfNoEntry: false });
    if (status && !status.isFile()) throw new ConfigError("", file, `${part} in it is no file: ${FOREIGN}`);
    if (status) sizes.set(part, status.size);
  }
  if ((sizes.get(MANIFEST) ?? 0) > MANIFEST_MAX) throw new ConfigError("", file, FOREIGN);
  const manifest = readManifest(into, `${file}: in it, ${MANIFEST}`, "export it again");
  if (!manifest) throw new ConfigError("", file, FOREIGN);
  for (const part of Object.keys(PARTS) as Part[]) {
    const [found, size] = [sizes.get(PARTS[part]), manifest.files[part]?.size];
    if (found === undefined || size === undefined || found === size) continue;
    throw new ConfigError("", file, `in it, ${PARTS[part]} has changed: it has ${found} bytes, not ${size}`);
  }
  return manifest;
}
