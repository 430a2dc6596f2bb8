import { compressionOf } from "./compression.ts";

/** What a file that is no bootable kernel is, and what its owner can do about it. */
export interface Verdict {
  readonly what: string;
  readonly advice: string;
}

/** How many bytes `identify` wants to see, at most. */
export const IDENTIFY_LENGTH = 512;

const COMPRESSED = new Map([
  ["xz", "xz -dc"],
  ["lz4", "lz4 -dc"],
  ["bzip2", "bzip2 -dc"],
  ["lzma", "xz --format=lzma -dc"],
  ["lzo", "lzop -dc"],
]);

/** Names the kinds of file people give in place of a kernel. @param head the file's first bytes. */
export function identify(head: Uint8Array): Verdict {
  const compression = compressionOf(head);
  const unpack = compression && COMPRESSED.get(compression);
  const text = new TextDecoder("latin1").decode(head);
  if (head.length === 0) {
    return { what: "the file is empty", advice: "get the kernel again" };
  }
  if (unpack) {
    return {
      what: `the file is compressed with ${compression} as a whole`,
      advice: `let the store unpack it (volt kernel add FILE), or do it first: ${unpack} FILE > vmlinux`,
    };
  }
  if (compression) {
    return { what: `this is compressed with ${compression} more than once`, advice: "unpack it first" };
  }
  if (text.startsWith("070701") || text.startsWith("070702")) {
    return { what: "this is an initramfs (cpio), not a kernel", advice: "give it with --initrd" };
  }
  if (text.startsWith("!<arch>\ndebian-binary")) {
    return {
      what: "this is a Debian package, not a kernel",
      advice: "bring its kernel into the store: volt kernel add FILE",
    };
  }
  if (text.startsWith("\xed\xab\xee\xdb")) {
    return { what: "this is an RPM package, not a kernel", advice: "unpack it and give the vmlinuz in it" };
  }
  if (text.startsWith("ARM\x64", 0x38)) {
    return { what: "this is an arm64 kernel", advice: "volt runs x86-64: get a kernel for amd64" };
  }
  if (text.startsWith("MZ")) {
    return { what: "this is an EFI program, not a bzImage", advice: "give the vmlinuz it was made from" };
  }
  if (text.startsWith("#!")) {
    return { what: "this is a script, not a kernel", advice: "give a vmlinux or bzImage" };
  }
  return { what: "this is no kernel that volt knows", advice: "give a 64-bit x86 vmlinux or bzImage" };
}
