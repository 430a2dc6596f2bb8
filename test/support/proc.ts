/** What /proc says of a process that goes on meanwhile: what was gone when it was looked at is left out. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What each open descriptor leads to, by number. */
export function descriptorsOf(pid: number | "self"): Map<number, string> {
  const folder = `/proc/${pid}/fd`;
  const found = readdirSync(folder).map((number) => {
    return [Number(number), ifThere(() => readlinkSync(`${folder}/${number}`))] as const;
  });
  return new Map(found.filter((one): one is [number, string] => one[1] !== undefined));
}

/** A file of /proc/PID/task/TID, of each thread. */
export function ofEachThread(pid: number, file: string): string[] {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder)
    .map((tid) => ifThere(() => readFileSync(`${folder}/${tid}/${file}`, "utf8")))
    .filter((text) => text !== undefined && text !== "") as string[];
}

function ifThere(read: () => string): string | undefined {
  try {
    return read();
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
