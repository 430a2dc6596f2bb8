/** A volt that runs, and what the kernel says of it. */
import { descriptorsOf, ofEachThread } from "../../../support/proc.ts";
import { RunningVolt } from "../process.ts";
import { END, print, tinyKernel } from "../tiny-kernel.ts";
import type { Folder } from "../volt.ts";

export const USER = 4321;

/** What the kernel says about each thread. */
export function threads(pid: number): Record<string, string>[] {
  return ofEachThread(pid, "status").map((status) => {
    const lines = status.trim().split("\n");
    return Object.fromEntries(lines.map((line) => line.split(/:\s*/, 2) as [string, string]));
  });
}

export const descriptors = (pid: number) =>
  [...descriptorsOf(pid).values()].map((target) => target.replace(/:\[?\d+\]?$/, ""));

export const running = (folder: Folder, flags: string[] = [], by: string[] = []) =>
  new RunningVolt([...tinyKernel(folder, print("up") + END.halt).run, ...flags], { by });
