/**
 * Public keys and signatures as minisign and signify write them: a line of comment, a line of base64. Ed25519; minisign
 * signs the BLAKE2b-512 of the file ("ED"), signify and old minisigns the file itself ("Ed").
 */
import { createPublicKey, verify } from "node:crypto";
import { ConfigError } from "../../config/error.ts";

export interface PublicKey {
  /** Eight bytes in hexadecimal, as minisign prints them. */
  readonly id: string;
  readonly key: Uint8Array;
}

export interface Signature {
  /** Of the key that made it. */
  readonly keyId: string;
  readonly prehashed: boolean;
  readonly signature: Uint8Array;
  /** minisign's second line, and its own signature. */
  readonly trusted: { readonly comment: string; readonly signature: Uint8Array } | undefined;
}

const KEY_SIZE = 32;
const ID_SIZE = 8;
const SIGNATURE_SIZE = 64;
const TRUSTED = "trusted comment: ";
/** SubjectPublicKeyInfo of an Ed25519 key, up to the key itself (RFC 8410, 4). */
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

/** @param text a key's file, or its base64 line alone; @throws ConfigError */
export function parsePublicKey(text: string, where: string): PublicKey {
  const bytes = Buffer.from(dataLine(text), "base64");
  if (bytes.length !== 2 + ID_SIZE + KEY_SIZE || algorithm(bytes) !== "Ed") {
    throw new ConfigError("", where, "this is no public key of minisign or signify: give the .pub file");
  }
  return { id: keyId(bytes), key: bytes.subarray(2 + ID_SIZE) };
}

/** @throws ConfigError */
export function parseSignature(text: string, where: string): Signature {
  const lines = text.split("\n").map((line) => line.trimEnd());
  const bytes = Buffer.from(dataLine(text), "base64");
  if (bytes.length !== 2 + ID_SIZE + SIGNATURE_SIZE || !["Ed", "ED"].includes(algorithm(bytes))) {
    throw new ConfigError("", where, "this is no signature of minisign or signify: give the .minisig or .sig file");
  }
  const at = lines.findIndex((line) => line.startsWith(TRUSTED));
  return {
    keyId: keyId(bytes),
    prehashed: algorithm(bytes) === "ED",
    signature: bytes.subarray(2 + ID_SIZE),
    trusted:
      at < 0
        ? undefined
        : { comment: lines[at]!.slice(TRUSTED.length), signature: Buffer.from(lines[at + 1] ?? "", "base64") },
  };
}

/** Whether a signature is of the file itself: once that is gone, nobody can check it again. */
export function isLegacySignature(text: string): boolean {
  try {
    return !parseSignature(text, "").prehashed;
  } catch {
    return false; // it is none
  }
}

/** @param message the file's BLAKE2b-512 for a prehashed signature, or the file */
export function isSignedBy({ key }: PublicKey, { signature, trusted }: Signature, message: Uint8Array): boolean {
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI, key]), format: "der", type: "spki" });
  const isGood = (bytes: Uint8Array, of: Uint8Array) =>
    of.length === SIGNATURE_SIZE && verify(null, bytes, publicKey, of);
  if (!isGood(message, signature)) return false;
  return !trusted || isGood(Buffer.concat([signature, Buffer.from(trusted.comment)]), trusted.signature);
}

/** The first line that is no comment. */
function dataLine(text: string): string {
  return text.split("\n").find((line) => line.trim() !== "" && !/^(un)?trusted comment:/.test(line)) ?? "";
}

function algorithm(bytes: Buffer): string {
  return bytes.toString("latin1", 0, 2);
}

/** Little-endian, printed as a number. */
function keyId(bytes: Buffer): string {
  return Buffer.from(bytes.subarray(2, 2 + ID_SIZE))
    .reverse()
    .toString("hex")
    .toUpperCase();
}
