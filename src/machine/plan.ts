/**
 * What the first stage of a start hands to the second: the checked configuration, and descriptors of everything that
 * has a path. Pure data in a sealed memfd, so that nothing can change it on the way.
 */
import { Fd } from "../../ffi/fd.ts";
import type { TokenBucketConfig } from "../config/devices.ts";
import type { VmConfig } from "../config/schema.ts";
import type { OpenedDevices } from "../devices/virtio/kind.ts";
import type { Counts } from "../observe/metrics/counts.ts";
import type { Demands } from "../security/confinement.ts";
import type { PlannedMetrics } from "./metrics-file.ts";
import type { PlannedProcessors } from "./processors.ts";

/** A descriptor that survives the exec. */
export interface PlannedFile {
  readonly fd: number;
  /** How messages call it, usually its path. */
  readonly name: string;
  /** In bytes, when it was opened. */
  readonly size: number;
}

/** One side of the console. */
export interface PlannedStream {
  readonly fd: number;
  readonly isTerminal: boolean;
  /** Whether reads and writes never wait: they answer EAGAIN, or it is a file. Otherwise `poll` must be asked first. */
  readonly neverBlocks: boolean;
  /** Of an output: what it does not take at once is lost; otherwise the guest waits. */
  readonly loses?: boolean;
  /** Of an output: bytes over time, and what is more is lost. */
  readonly limit?: TokenBucketConfig;
}

export interface Plan {
  readonly version: string;
  readonly config: VmConfig;
  /** Stamps of the timeline so far. */
  readonly stamps: readonly number[];
  readonly kvm: number;
  readonly kernel: PlannedFile & { readonly mappable: boolean };
  /** Without one the guest gets volt's own initramfs. */
  readonly initrd: PlannedFile | undefined;
  /** A cpio archive of modules that goes behind volt's own initramfs. */
  readonly modules: PlannedFile | undefined;
  readonly processors: PlannedProcessors;
  /** What the metadata service has at the start: JSON. */
  readonly metadata: string | undefined;
  /** What the virtio devices have open. */
  readonly devices: OpenedDevices;
  readonly stdin: PlannedStream;
  readonly stdout: PlannedStream;
  readonly window: { readonly rows: number; readonly columns: number } | undefined;
  /** TERM of the user's terminal, for the guest's shell. */
  readonly term: string | undefined;
  /** Where the log goes. */
  readonly log: number;
  readonly trace: number | undefined;
  /** Where metrics go; undefined where none are wanted. */
  readonly metrics: PlannedMetrics | undefined;
  /** What the face that volt wears needs in its second life; undefined for volt itself without an API. */
  readonly face?: PlannedFace;
  /** What the first stage counted; undefined for one that counts nothing. */
  readonly counts?: Counts;
  /** What stage two makes sure of before anything else. */
  readonly sandbox: Demands;
}

/** Pure data: only the face knows what is in it. */
export interface PlannedFace {
  readonly name: "volt" | "firecracker";
  readonly data: unknown;
}

/** The environment variable that carries the memfd's number: it marks the second stage. */
export const PLAN_VARIABLE = "VOLT_PLAN";

const NAME = "volt-plan";
/** Far more than a plan holds; a bound on what is read. */
const MAX_BYTES = 16 * 2 ** 20;

export function sealPlan(plan: Plan): Fd {
  return Fd.sealed(NAME, Buffer.from(JSON.stringify(plan)));
}

/** @throws Error when the descriptor is not one that `sealPlan` made */
export function readPlan(number: number): Plan {
  const fd = new Fd(number, NAME);
  const isDescriptor = Number.isInteger(number) && number >= 0;
  if (!isDescriptor || !fd.isSealed) throw notOurs();
  const text = Buffer.from(fd.readAt(0, Math.min(fd.status().size, MAX_BYTES))).toString();
  try {
    return JSON.parse(text);
  } catch {
    throw notOurs();
  }
}

function notOurs(): Error {
  return new Error(`${PLAN_VARIABLE} is set by volt itself: unset it`);
}
