/** What a vmlinux tells of itself, besides its headers. */
import { gunzipSync } from "node:zlib";

/** A configuration has 5,000 lines at most; a small one that unpacks to more is an attack. */
const CONFIG_MAX = 4 * 2 ** 20;

/** As `uname -r` will say it; "" when the file has no such text. */
export function kernelVersion(vmlinux: Uint8Array): string {
  const bytes = asBuffer(vmlinux);
  // linux_banner (init/version.c). A format string of the same beginning comes before it in some kernels.
  for (let at = bytes.indexOf("Linux version "); at >= 0; at = bytes.indexOf("Linux version ", at + 1)) {
    const version = /^Linux version (\d[\w.+~-]{0,100}) /.exec(bytes.toString("latin1", at, at + 128));
    if (version?.[1]) return version[1];
  }
  return "";
}

/** The configuration inside a kernel that has CONFIG_IKCONFIG (kernel/configs.c). */
export function builtInConfig(vmlinux: Uint8Array): string | undefined {
  const bytes = asBuffer(vmlinux);
  const start = bytes.indexOf("IKCFG_ST\x1f\x8b", 0, "latin1");
  const end = start < 0 ? -1 : bytes.indexOf("IKCFG_ED", start, "latin1");
  if (end < 0) return undefined;
  try {
    const packed = bytes.subarray(start + "IKCFG_ST".length, end);
    return gunzipSync(packed, { maxOutputLength: CONFIG_MAX }).toString("latin1");
  } catch {
    return undefined; // two words that look like the marks: nothing to tell anybody
  }
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
