/** A volt that runs, and what the kernel says of it. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { RunningVolt } from "../process.ts";
import { END, print, tinyKernel } from "../tiny-kernel.ts";
import type { Folder } from "../volt.ts";

export const USER = 4321;

/** What the kernel says about each thread. */
export function threads(pid: number): Record<string, string>[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((tid): Record<string, string>[] => {
    const file = `/proc/${pid}/task/${tid}/status`;
    const status = existsSync(file) ? readFileSync(file, "utf8") : "";
    if (status === "") return []; // it ended meanwhile
    const lines = status.trim().split("\n");
    return [Object.fromEntries(lines.map((line) => line.split(/:\s*/, 2) as [string, string]))];
  });
}

export const descriptors = (pid: number) =>
  readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/:\[?\d+\]?$/, ""));

export const running = (folder: Folder, flags: string[] = [], by: string[] = []) =>
  new RunningVolt([...tinyKernel(folder, print("up") + END.halt).run, ...flags], { by });
