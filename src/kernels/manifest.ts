/** What the store knows of a kernel: `manifest.json` in its object. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { ConfigError } from "../config/error.ts";
import { printable } from "../config/printable.ts";
import { MANIFEST } from "./paths.ts";

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in hexadecimal"));
/** Shown to people, as it is: no control character is in it, so none reaches a terminal. */
const text = v.pipe(v.string(), v.regex(/^\P{Cc}*$/u, "must have no control characters"));
const size = v.pipe(v.number(), v.integer(), v.minValue(0));
const file = v.strictObject({ sha256, size });

/** A minisign signature of the file that came in. */
const signature = v.strictObject({
  /** As it stands in the .minisig file. */
  text: v.pipe(v.string(), v.maxLength(4096)),
  /** BLAKE2b-512 of what came, which is what was signed. */
  blake2b: v.pipe(v.string(), v.regex(/^[0-9a-f]{128}$/)),
});

/** Which source, configuration and tools a kernel was built from. */
const recipe = v.strictObject({
  source: text,
  /** Undefined for a source tree, which can change. */
  sourceSha256: v.optional(sha256),
  /** SHA-256 of the configuration that was asked for. */
  configSha256: sha256,
  fragments: v.array(text),
  settings: v.array(text),
  compiler: text,
});

const ManifestSchema = v.strictObject({
  /** Of this format. */
  manifest: v.literal(1),
  /** As `uname -r` says it; "" where the file does not. */
  version: v.pipe(text, v.maxLength(200)),
  source: v.strictObject({
    kind: v.picklist(["file", "url", "debian package", "build"]),
    /** A path, an address, a package and its version. */
    from: text,
    /** What came, before anything was unpacked. */
    sha256: v.optional(sha256),
  }),
  added: v.pipe(v.string(), v.isoTimestamp()),
  /** What came was: "ELF", "bzImage, lz4". */
  format: text,
  /** What is kept. */
  files: v.strictObject({ vmlinux: file, modules: v.optional(file), config: v.optional(file) }),
  /** Guest-physical. */
  entry: size,
  pvhEntry: v.optional(size),
  /** From the lowest to the highest byte the kernel occupies when it is loaded, bss included. */
  footprint: size,
  /** What volt looks for in the configuration, as words: "smp", "virtio-mmio" ... */
  features: v.array(text),
  signature: v.optional(signature),
  recipe: v.optional(recipe),
  licence: text,
});

export type Manifest = v.InferOutput<typeof ManifestSchema>;

/** Linux's licence wants that who gets the program can get its source. */
export function licenceNote(source: string): string {
  return `GPL-2.0-only WITH Linux-syscall-note; source: ${source}`;
}

/** Paths and addresses may have control characters: they are spelt out. A signature has lines, and is never shown. */
export function plainManifest({ signature, ...shown }: Manifest): Manifest {
  return { ...spellOut(shown), ...(signature ? { signature } : {}) };
}

function spellOut<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, part) => (typeof part === "string" ? printable(part) : part));
}

/**
 * @param folder an object's
 * @param where how messages call the manifest
 * @returns undefined when there is none: a folder somebody filled by hand
 * @throws ConfigError when it is damaged
 */
export function readManifest(
  folder: string,
  where = `${folder}/${MANIFEST}`,
  mend = "remove that kernel and add it again",
): Manifest | undefined {
  let text: string;
  try {
    text = readFileSync(`${folder}/${MANIFEST}`, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
  const result = v.safeParse(ManifestSchema, parse(text));
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue);
  const problem = field === null ? issue.message : `${field}: ${issue.message}`;
  throw new ConfigError(where, "", `${problem}; ${mend}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
