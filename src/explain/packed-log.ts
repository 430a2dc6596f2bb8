/** The kernel's log on its way out of the guest, by the console: packed there, unpacked here. */
import { gunzipSync } from "node:zlib";

/** Around the kernel's log: the console may have its lines as well, as they came. */
const MARKS = ["volt-explain: log", "volt-explain: end"] as const;
/**
 * Prints the kernel's log when the boot is over: during it, each byte on the console would cost more than what it tells.
 * And packed, since they still cost. Lines that only say what begins are left out.
 */
export const PRINT_LOG = [
  "sh",
  "-c",
  `echo "${MARKS[0]}"; dmesg | grep -v "] calling " | gzip | base64; echo "${MARKS[1]}"`,
];
/**
 * The kernel's own lines on the console. A talkative kernel prints them also while the packed log is on its way, in the middle
 * of a line: the rest of that goes on after them.
 */
const KERNEL_LINES = /\[ *\d+\.\d+\][^\n]*\n/g;
/** A log of 1 MiB is what was asked for; one that unpacks to more is an attack. */
const MOST_PACKED_BYTES = 2 * 2 ** 20;

/**
 * @param console what PRINT_LOG printed, among other things
 * @returns "" where it is not there, or not all of it
 */
export function unpackLog(console: string): string {
  const printed = console.replaceAll(KERNEL_LINES, "");
  const [begin, end] = MARKS.map((mark) => printed.lastIndexOf(mark));
  if (begin! < 0 || end! < begin!) return "";
  try {
    const packed = Buffer.from(printed.slice(begin! + MARKS[0].length, end), "base64");
    return gunzipSync(packed, { maxOutputLength: MOST_PACKED_BYTES }).toString();
  } catch {
    return "";
  }
}
