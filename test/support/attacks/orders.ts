/** What a volt that attackers have taken over is told, and what it says. */
import type { Targets } from "./attack.ts";

export interface VoltOrders {
  readonly targets: Targets;
  readonly vcpus: number;
  /** A thread in which a forbidden call is made at the end, as volt itself takes it. */
  readonly endIn?: string;
}

/** One line of what it says; a thread of Bun's pool that was only given a file to read has no `attack`. */
export interface AttackLine {
  readonly thread: string;
  readonly attack: string;
  /** 0 where it succeeded, else errno, TRAPPED, or the code of an error of Bun's. */
  readonly result: number | string;
}

/** A thread in which nobody can make an attack. */
export const KERNELS_OWN = "the kernel's";
