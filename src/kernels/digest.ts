/** Digests of files and bytes. */
import { createHash } from "node:crypto";
import { Fd, O } from "../../ffi/fd.ts";

const PIECE = 4 * 2 ** 20;

/** SHA-256 of a whole file, in hexadecimal. */
export function fileDigest(path: string): string {
  using fd = Fd.open(path, O.RDONLY | O.NONBLOCK);
  return digestOfFile(fd, "sha256").toString("hex");
}

/** @param algorithm as node:crypto calls it */
export function digestOfFile(fd: Fd, algorithm: string): Buffer {
  const hash = createHash(algorithm);
  for (let at = 0; ; ) {
    const bytes = fd.readAt(at, PIECE);
    if (bytes.length === 0) return hash.digest();
    hash.update(bytes);
    at += bytes.length;
  }
}

/** SHA-256 of bytes or text, in hexadecimal. */
export function digestOf(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
