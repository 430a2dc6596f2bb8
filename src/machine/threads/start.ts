/** Starts the vCPU threads early, so that their JavaScript loads while the main thread makes the VM. */
import { EventFd } from "../../../ffi/eventfd.ts";
import { WORKER_ARGUMENT } from "../../../ffi/libc.ts";
import type { LogFormat, LogLevel } from "../../observe/log.ts";
import type { LineNumbers } from "../lines.ts";

/** All that a vCPU's thread is told at its start; the rest comes by `handover`. */
export interface ThreadOrder {
  readonly vcpu: number;
  /** What the thread is called. */
  readonly name: string;
  /** Address of the shared block. */
  readonly block: number;
  readonly lines: LineNumbers;
  /** An eventfd: read from it, and the handover is there; later, and a pause is over. */
  readonly go: number;
  /** An eventfd, the last thread's: read from it, and the VM's chips are made. */
  readonly chips: number | undefined;
  /** The host's CPU it runs on; any without one. */
  readonly hostCpu: number | undefined;
  readonly timeline: boolean;
  /** Whether it takes the time of each exit. */
  readonly timesExits: boolean;
  /** Where it records its exits; undefined where nobody asks. */
  readonly exitRecord: number | undefined;
  /** Where the thread's filter is; undefined without seccomp. */
  readonly filter: number | undefined;
  readonly log: { readonly fd: number; readonly level: LogLevel; readonly format: LogFormat };
}

/** The entry file's name inside the executable: see build.ts. */
const ENTRY = "./machine/threads/vcpu.ts";

/** Threads that wait for their vCPU. */
export class VcpuThreads {
  /** One each, in their order. */
  readonly go: EventFd[] = [];
  #chips: EventFd | undefined;

  /** The global Worker with `argv`: `node:worker_threads` would load 2.5 MiB of compatibility for the same thread. */
  start({ isLast, ...order }: Omit<ThreadOrder, "go" | "chips"> & { readonly isLast: boolean }): void {
    const go = EventFd.create(`vCPU ${order.vcpu}'s start`, true);
    this.go.push(go);
    if (isLast) this.#chips = EventFd.create("the chips", true);
    const argv = [WORKER_ARGUMENT, JSON.stringify({ ...order, go: go.number, chips: this.#chips?.number })];
    new Worker(ENTRY, { argv } as WorkerOptions);
  }

  /** The state has the VM, the VM has its chips: one of them has work with these while the main thread loads the kernel. */
  chipsMade(): void {
    this.#chips?.signal();
  }

  /** The handover is written: run. */
  release(): void {
    for (const go of this.go) go.signal();
  }
}
