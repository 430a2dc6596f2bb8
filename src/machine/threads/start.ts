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

  /** The global Worker with `argv`: `node:worker_threads` would load 2.5 MiB of compatibility for the same thread. */
  start(order: Omit<ThreadOrder, "go">): void {
    const go = EventFd.create(`vCPU ${order.vcpu}'s start`, true);
    this.go.push(go);
    const argv = [WORKER_ARGUMENT, JSON.stringify({ ...order, go: go.number })];
    new Worker(ENTRY, { argv } as WorkerOptions);
  }

  /** The handover is written: run. */
  release(): void {
    for (const go of this.go) go.signal();
  }
}
