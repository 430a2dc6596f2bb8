/** Whether a kernel is signed by somebody the store trusts. */
import { ConfigError } from "../../config/error.ts";
import { openInput, readInput } from "../../host/open-file.ts";
import { digestOfFile } from "../digest.ts";
import { type Manifest, readManifest } from "../manifest.ts";
import { PARTS, type StorePaths } from "../paths.ts";
import type { FoundKernel } from "../store.ts";
import { verifyKernel } from "../verify.ts";
import { type TrustedKey, trustedKeys } from "./keys.ts";
import { isLegacySignature, isSignedBy, parseSignature, type Signature } from "./minisign.ts";

const SIGNATURE_MAX = 2 ** 16;

/**
 * Checks the signature of a file that is to be added.
 * @param called what messages call the file
 * @returns what the manifest keeps of it
 * @throws ConfigError when it is not signed by a trusted key, or was changed since
 */
export function checkSignature(
  paths: StorePaths,
  file: string,
  signatureFile: string,
  called = file,
): Manifest["signature"] {
  const text = readInput(signatureFile, "--signature", SIGNATURE_MAX, "a signature");
  const signature = parseSignature(text, signatureFile);
  const key = trustedKey(paths, signature.keyId, signatureFile);
  const { fd, size } = openInput(file, "kernel");
  using opened = fd;
  const blake2b = digestOfFile(opened, "blake2b512");
  const message = signature.prehashed ? blake2b : opened.readAt(0, size);
  if (!isSignedBy(key, signature, message)) {
    throw new ConfigError("", called, `the signature in ${signatureFile} is not of this file: get both again`);
  }
  return { text, blake2b: blake2b.toString("hex") };
}

/**
 * What `--require-signed` asks: the kernel that would boot came with a signature of a key that is trusted today, and its
 * files are what was stored then. How the kept files follow from the signed one is the store's own word: whoever may
 * write there may also trust a key.
 * @throws ConfigError
 */
export function requireSigned(paths: StorePaths, { path, inStore }: FoundKernel): void {
  const refuse = (problem: string) => new ConfigError("", "--require-signed", problem);
  if (!inStore) throw refuse(`${path} is no kernel of the store: volt kernel add ${path} --signature FILE`);
  const folder = path.slice(0, -`/${PARTS.vmlinux}`.length);
  const digest = folder.slice(folder.lastIndexOf("/") + 1);
  const manifest = readManifest(folder);
  if (!manifest?.signature) throw refuse(`${path} came without a signature: volt kernel add it with --signature FILE`);
  const problem = signatureProblem(paths, manifest.signature);
  if (problem !== undefined) throw refuse(`${path}: ${problem}`);
  const kernel = { name: "", isDefault: false, folder, digest, manifest, damage: undefined, size: 0 };
  const [change] = verifyKernel(kernel);
  if (change !== undefined) throw refuse(change);
}

export const LEGACY =
  "its signature is of the file as it came, which is gone: sign with minisign, which signs the file's digest";

/** What is wrong with a stored kernel's signature; undefined when nothing is. */
export function signatureProblem(
  paths: StorePaths,
  { text, blake2b }: NonNullable<Manifest["signature"]>,
): string | undefined {
  if (isLegacySignature(text)) return LEGACY;
  let signature: Signature;
  try {
    signature = parseSignature(text, "manifest");
  } catch {
    return "what it has is no signature: volt kernel add it again with --signature FILE";
  }
  const key = trustedKeys(paths).find(({ id }) => id === signature.keyId);
  if (!key) return `it is signed by ${signature.keyId}, which is not trusted: volt kernel trust add KEY.pub`;
  return isSignedBy(key, signature, Buffer.from(blake2b, "hex")) ? undefined : "its signature is not good";
}

function trustedKey(paths: StorePaths, id: string, where: string): TrustedKey {
  const key = trustedKeys(paths).find((candidate) => candidate.id === id);
  if (key) return key;
  throw new ConfigError("", where, `it was made by the key ${id}, which is not trusted: volt kernel trust add KEY.pub`);
}
