/** Puts a kernel into the store. */
import { writeFileSync } from "node:fs";
import { parseElf } from "../boot/elf.ts";
import { BootError } from "../boot/error.ts";
import { fileSource } from "../boot/file-source.ts";
import { openInput } from "../host/open-file.ts";
import { digestOf, digestOfFile } from "./digest.ts";
import { Draft } from "./draft.ts";
import { factsOf } from "./image/describe.ts";
import { builtInConfig } from "./image/facts.ts";
import { layOutElf } from "./image/layout-elf.ts";
import { ANYWHERE, unpackKernel } from "./image/unpack.ts";
import { licenceNote, type Manifest } from "./manifest.ts";
import { setFirstDefault } from "./names.ts";
import { commitObject } from "./objects.ts";
import { checkName, PARTS, type Part, type StorePaths } from "./paths.ts";
import { writing } from "./writing.ts";

/** A kernel on its way into the store. */
export interface NewKernel {
  /** ELF, bzImage, either of them compressed as a whole. */
  readonly file: string;
  /** What messages call the file: a copy's path says nothing to its user. */
  readonly called?: string;
  readonly name: string;
  readonly from: Manifest["source"];
  /** Where its source code is, for the licence. */
  readonly sourceCode: string;
  /** A cpio archive. */
  readonly modules?: Uint8Array | undefined;
  /** Its .config; without one, what the kernel has of it built in. */
  readonly config?: string | undefined;
  readonly signature?: Manifest["signature"];
  readonly recipe?: Manifest["recipe"];
  /** Of the file, in hexadecimal: another one is refused. */
  readonly sha256?: string | undefined;
}

export interface AddedKernel {
  readonly name: string;
  readonly digest: string;
  readonly manifest: Manifest;
  /** Whether it became the default because there was none. */
  readonly isDefault: boolean;
}

/**
 * Unpacks a kernel, lays it out to be mapped, and stores it under its name.
 * @throws ConfigError, BootError; the store is then as it was
 */
export function addKernel(paths: StorePaths, kernel: NewKernel): AddedKernel {
  const called = kernel.called ?? kernel.file;
  checkName(kernel.name, "--name");
  const { fd, size } = openInput(kernel.file, "kernel");
  using _file = fd;
  const came = digestOfFile(fd, "sha256").toString("hex");
  if (kernel.sha256 !== undefined && kernel.sha256 !== came) {
    throw new BootError(called, `its SHA-256 is ${came}, not ${kernel.sha256}`, "get it again, from who you trust");
  }
  const { elf, format } = unpackKernel(fileSource(fd, called, size));
  const image = parseElf(elf, ANYWHERE);
  const vmlinux = layOutElf(elf);
  const config = kernel.config ?? builtInConfig(vmlinux);
  const parts: Partial<Record<Part, Uint8Array>> = {
    vmlinux,
    ...(kernel.modules ? { modules: kernel.modules } : {}),
    ...(config === undefined ? {} : { config: Buffer.from(config) }),
  };
  const manifest: Manifest = {
    manifest: 1,
    ...factsOf(image, vmlinux, config),
    source: { ...kernel.from, sha256: kernel.from.sha256 ?? came },
    added: new Date().toISOString(),
    format,
    files: Object.fromEntries(
      Object.entries(parts).map(([part, bytes]) => [part, { sha256: digestOf(bytes), size: bytes.length }]),
    ) as Manifest["files"],
    ...(kernel.signature ? { signature: kernel.signature } : {}),
    ...(kernel.recipe ? { recipe: kernel.recipe } : {}),
    licence: licenceNote(kernel.sourceCode),
  };
  using draft = new Draft(paths);
  const stored = writing(paths.home, () => {
    for (const [part, bytes] of Object.entries(parts)) writeFileSync(draft.file(PARTS[part as Part]), bytes);
    return commitObject(paths, draft, manifest, kernel.name);
  });
  return { name: kernel.name, ...stored, isDefault: setFirstDefault(paths, kernel.name) };
}
