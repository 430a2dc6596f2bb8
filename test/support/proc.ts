/** What /proc says of a process that goes on meanwhile: what was gone when it was looked at is left out. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What each open descriptor leads to, by number. */
export function descriptorsOf(pid: number | "self"): Map<number, string> {
  const folder = `/proc/${pid}/fd`;
  const found = new Map<number, string>();
  for (const number of readdirSync(folder)) {
    const target = ifThere(() => readlinkSync(`${folder}/${number}`));
    if (target !== undefined) found.set(Number(number), target);
  }
  return found;
}

/** A file of /proc/PID/task/TID, of each thread. */
export function ofEachThread(pid: number, file: string): string[] {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder).flatMap((tid) => ifThere(() => readFileSync(`${folder}/${tid}/${file}`, "utf8")) || []);
}

function ifThere(read: () => string): string | undefined {
  try {
    return read();
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
