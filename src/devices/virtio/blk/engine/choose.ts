import { SystemError } from "../../../../../ffi/error.ts";
import type { Fd } from "../../../../../ffi/fd.ts";
import type { DriveConfig } from "../../../../config/devices.ts";
import { AtOnce } from "./at-once.ts";
import type { DiskEngine, Operation } from "./operation.ts";
import { RingEngine } from "./ring.ts";
import { SyncEngine } from "./sync.ts";

/**
 * The engine a drive asks for, or the other one where the host has no io_uring.
 * @param isLocal whether the file is on a filesystem that waits for no other machine
 * @param told hears why it is the other one
 */
export function chooseEngine(
  { io_engine, direct }: Pick<DriveConfig, "io_engine" | "direct">,
  { file, isLocal }: { readonly file: Fd; readonly isLocal: boolean },
  operations: readonly Operation[],
  told: (why: string) => void,
): DiskEngine {
  if (io_engine === "Sync") return new SyncEngine(file, operations.length);
  try {
    return new RingEngine(file, operations, direct ? undefined : new AtOnce(file.number, isLocal));
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    told(`no io_uring here (${error.call}: ${error.code}): requests wait for each other (see \`volt doctor\`)`);
    return new SyncEngine(file, operations.length);
  }
}
