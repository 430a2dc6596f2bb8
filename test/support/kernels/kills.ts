/** Kills a process that changes a store, again and again, and looks at what is left each time. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { collectGarbage } from "../../../src/kernels/gc.ts";
import { listKernels } from "../../../src/kernels/list.ts";
import type { StorePaths } from "../../../src/kernels/paths.ts";
import { findKernel } from "../../../src/kernels/store.ts";
import { verifyKernel } from "../../../src/kernels/verify.ts";
import { linux } from "../../unit/kernels/home.ts";

export const BUSY = join(import.meta.dirname, "busy-store.ts");
/** A kill comes at any moment of so many milliseconds: several rounds of adding, naming, removing, collecting. */
const WINDOW_MS = 60;

/** Files to add. */
export function kernelFiles(root: string, count: number): string {
  const folder = join(root, "files");
  mkdirSync(folder);
  for (let i = 0; i < count; i++) writeFileSync(join(folder, `k${i}`), linux(`k${i}`, 200_000));
  return folder;
}

/** @returns what was wrong after any of the kills */
export async function killAgainAndAgain(paths: StorePaths, files: string, times: number): Promise<string[]> {
  const problems: string[] = [];
  for (let i = 0; i < times; i++) {
    const child = Bun.spawn([process.execPath, BUSY, paths.home, files], { stdout: "pipe", stderr: "inherit" });
    const reader = child.stdout.getReader();
    await reader.read();
    await Bun.sleep(Math.random() * WINDOW_MS);
    child.kill("SIGKILL");
    await child.exited;
    if (child.signalCode !== "SIGKILL") problems.push("it had ended before it was killed");
    problems.push(...storeProblems(paths));
  }
  return problems;
}

/** A store that was left behind has whole kernels only, and nothing that gc does not clear away. */
export function storeProblems(paths: StorePaths): string[] {
  const broken = listKernels(paths).flatMap(verifyKernel);
  collectGarbage(paths);
  const after = listKernels(paths);
  const left = collectGarbage(paths, true).map(({ path }) => `${path} is still there`);
  const preferred = after.find(({ isDefault }) => isDefault);
  const lost = preferred ? [] : defaultProblem(paths);
  return [...broken, ...after.flatMap(verifyKernel), ...left, ...lost];
}

/** No default is fine; one that leads nowhere is not. */
function defaultProblem(paths: StorePaths): string[] {
  try {
    findKernel(undefined, paths.home);
    return [];
  } catch (error) {
    const { message } = error as Error;
    return message.includes("has no default") ? [] : [message];
  }
}
