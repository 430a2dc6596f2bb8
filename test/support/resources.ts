/** What this process holds of the kernel, to see that everything is given back. */
import { readFileSync } from "node:fs";
import { descriptorsOf } from "./proc.ts";

/** What each open descriptor leads to, by number. The one this look itself takes is not among them. */
export function openDescriptors(): Map<number, string> {
  return descriptorsOf("self");
}

/**
 * The descriptors that are open now and were not then. Others may have gone meanwhile: Bun closes those of ended children
 * and Workers when it gets to it.
 */
export function openedSince(before: ReadonlyMap<number, string>): string[] {
  const opened = [...openDescriptors()].filter(([number, target]) => before.get(number) !== target);
  return opened.map(([number, target]) => `${number} ${target}`);
}

/** The lines of /proc/self/maps whose mapping is of a file (or pseudo-file) with this in its name. */
export function mappingsOf(name: string): string[] {
  return readFileSync("/proc/self/maps", "utf8")
    .split("\n")
    .filter((line) => line.includes(name));
}

/** Whether an address of this process is mapped. */
export function isMapped(address: number): boolean {
  return readFileSync("/proc/self/maps", "utf8")
    .split("\n")
    .some((line) => {
      const [start, end] = (line.split(" ")[0] ?? "").split("-").map((text) => Number.parseInt(text, 16));
      return start !== undefined && end !== undefined && start <= address && address < end;
    });
}
