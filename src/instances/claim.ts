/** Takes a name among the running VMs, for as long as the process lives. */
import type { Fd } from "../../ffi/fd.ts";
import { makeFolderIfMissing } from "../../ffi/files.ts";
import { startTime } from "../../ffi/process.ts";
import { ConfigError } from "../config/error.ts";
import { clear } from "./clear.ts";
import { isForeign } from "./foreign.ts";
import { isStill, makeLock } from "./lock.ts";
import { randomName } from "./names.ts";
import { type InstancePaths, instancePaths, PRIVATE } from "./paths.ts";
import { type InstanceRecord, readRecord, writeRecord } from "./record.ts";

/** A sweep holds the lock of a dead VM's folder for less than a millisecond. */
const TRIES = 5;
const BETWEEN_TRIES_MS = 10;
const MOST_NAMES = 100;
/** Lost to sweeps, each of which takes a dead VM's folder away once. */
const MOST_RACES = 1000;

/** A folder that is this VM's until its process ends, through any exec. */
export class Instance {
  readonly id: string;
  readonly paths: InstancePaths;
  readonly #lock: Fd;

  constructor(id: string, paths: InstancePaths, lock: Fd) {
    this.id = id;
    this.paths = paths;
    this.#lock = lock;
  }

  /** Writes down what `volt ps` shows. @throws SystemError */
  record(facts: Omit<InstanceRecord, "id" | "pid" | "start_time" | "started">): void {
    const { pid } = process;
    const started = new Date().toISOString();
    writeRecord(this.paths.record, { id: this.id, pid, start_time: startTime(pid) ?? 0, started, ...facts });
  }

  /** Lets the lock survive the exec. */
  keep(): void {
    this.#lock.setInherited(true);
  }

  /** The start has failed: nothing stays. */
  release(): void {
    clear(this.paths);
    this.#lock.close();
  }
}

/**
 * @param id the VM's name; one is made up without it
 * @throws ConfigError when a VM of that name runs, what has it is no VM's, or it would look like a flag; SystemError when the folder can't be written
 */
export function claimInstance(home: string, id: string | undefined): Instance {
  if (id?.startsWith("-"))
    throw new ConfigError(
      "",
      "--id",
      `${id} begins with a dash, and no command could name it: begin with a letter or digit`,
    );
  makeFolderIfMissing(home, PRIVATE);
  if (id !== undefined) return claim(home, id, TRIES) ?? refuse(home, id);
  for (let names = 0; names < MOST_NAMES; names++) {
    const instance = claim(home, randomName(), 1);
    if (instance) return instance;
  }
  // By then there are thousands of VMs.
  return claim(home, `vm-${process.pid}`, TRIES) ?? refuse(home, `vm-${process.pid}`);
}

function refuse(home: string, id: string): never {
  const paths = instancePaths(home, id);
  if (isForeign(paths))
    throw new ConfigError("", "--id", `${paths.folder} is there and not a VM's: give another name, or move it away`);
  const { pid } = readRecord(paths.record) ?? {};
  const who = pid === undefined ? "" : ` (process ${pid})`;
  throw new ConfigError(
    "",
    "--id",
    `a VM named ${id} runs already${who}: give another name, or end it: volt stop ${id}`,
  );
}

function claim(home: string, id: string, tries: number): Instance | undefined {
  const paths = instancePaths(home, id);
  for (let tried = 0, races = 0; tried < tries && races < MOST_RACES; races++) {
    const isNew = makeFolderIfMissing(paths.folder, PRIVATE);
    if (!isNew && isForeign(paths)) return undefined;
    const lock = makeLock(paths);
    // A sweep took the folder away between the two.
    if (!lock) continue;
    if (!lock.lock(false)) {
      lock.close();
      if (++tried < tries) Bun.sleepSync(BETWEEN_TRIES_MS);
      continue;
    }
    if (!isStill(lock, paths)) {
      lock.close();
      continue;
    }
    // What a dead VM of this name has left.
    if (!isNew) clear(paths, "keep the lock");
    lock.truncate(0);
    lock.writeAt(0, Buffer.from(`${process.pid}\n`));
    return new Instance(id, paths, lock);
  }
  return undefined;
}
