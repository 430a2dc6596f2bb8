/** The VMs that run, and those that have left something. */
import { Fd, O } from "../../ffi/fd.ts";
import { namesIn, removeFolder } from "../../ffi/files.ts";
import { VM_NAME } from "../config/vm-name.ts";
import { clear } from "./clear.ts";
import { holdsOnlyOurs, isOurs } from "./foreign.ts";
import { isAlive, isStill, openLock } from "./lock.ts";
import { type InstancePaths, instancePaths } from "./paths.ts";
import { type InstanceRecord, readRecord } from "./record.ts";

/** How long the output of a VM that ran detached stays after its end, for `volt logs`. */
const KEPT_MS = 3_600_000;

export interface FoundInstance {
  readonly id: string;
  readonly paths: InstancePaths;
  readonly isAlive: boolean;
  /** Undefined for one that is just starting, or broken. */
  readonly record: InstanceRecord | undefined;
}

/** In the order of their names. */
export function listInstances(home: string): FoundInstance[] {
  return namesIn(home)
    .sort()
    .flatMap((id) => findInstance(home, id) ?? []);
}

/** Undefined when there is nothing of that name. */
export function findInstance(home: string, id: string): FoundInstance | undefined {
  if (!VM_NAME.test(id)) return undefined;
  const paths = instancePaths(home, id);
  const alive = isAlive(paths);
  const record = readRecord(paths.record);
  return alive || record ? { id, paths, isAlive: alive, record } : undefined;
}

/**
 * Takes away what dead VMs have left.
 * @param most how many folders are looked at: a start does not wait for thousands. A tmpfs names the newest first, where
 *   the dead of short lives are
 */
export function sweep(home: string, most?: number): void {
  for (const id of namesIn(home, most)) if (VM_NAME.test(id)) sweepOne(instancePaths(home, id));
}

/** Takes away what one that has ended left, whatever it printed. */
export function removeDead(paths: InstancePaths): void {
  using lock = openLock(paths);
  if (lock && isDead(lock, paths)) clear(paths);
}

/** True: the lock is ours now. */
function isDead(lock: Fd, paths: InstancePaths): boolean {
  return lock.lock(false) && isStill(lock, paths);
}

function sweepOne(paths: InstancePaths): void {
  try {
    if (!isOurs(paths)) return;
    using lock = openLock(paths);
    // One that is about to be claimed is made again.
    if (!lock) removeFolder(paths.folder);
    else if (isDead(lock, paths) && holdsOnlyOurs(paths) && !isKept(paths)) clear(paths);
  } catch {
    // What can't be looked at stays.
  }
}

function isKept({ record, log }: InstancePaths): boolean {
  if (!readRecord(record)?.detached) return false;
  using file = Fd.open(log, O.RDONLY | O.NOFOLLOW);
  return Date.now() - file.modifiedMs() < KEPT_MS;
}
