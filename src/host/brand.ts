/** The host's name for its processor. */
import { Fd, O } from "../../ffi/fd.ts";

/** The first processor's lines are less. */
const ENOUGH_BYTES = 1024;

/** From the beginning of /proc/cpuinfo; "" where there is none. */
export function hostBrand(): string {
  try {
    using file = Fd.open("/proc/cpuinfo", O.RDONLY);
    return brandOf(Buffer.from(file.readAt(0, ENOUGH_BYTES)).toString("latin1"));
  } catch {
    return "";
  }
}

/** @param cpuinfo the beginning of /proc/cpuinfo */
export function brandOf(cpuinfo: string): string {
  return /^model name\s*:\s*(.*\S)/m.exec(cpuinfo)?.[1] ?? "";
}
