import { SystemError } from "../../../../ffi/error.ts";
import type { Disk } from "./disk.ts";
import { type Operation, OperationKind } from "./engine/operation.ts";

const NAMES = {
  [OperationKind.READ]: "read",
  [OperationKind.WRITE]: "write",
  [OperationKind.SYNC]: "fdatasync",
  [OperationKind.ALLOCATE]: "fallocate",
};
const CONSEQUENCE = "the guest gets an I/O error";

/** Tells the user of what the host's file did to a guest's requests: each error once, however often it comes. */
export class Failures {
  readonly #disk: Disk;
  /** Results of operations: minus errno, or 0 for a file that ended. There are not many. */
  readonly #told = new Set<number>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** The disk has another file: its errors are news again. */
  forget(): void {
    this.#told.clear();
  }

  /** @returns the line for the log, the first time */
  tell({ kind, result }: Operation): string | undefined {
    if (this.#told.has(result)) return undefined;
    this.#told.add(result);
    const { about } = this.#disk.file;
    if (result === 0) return `${about} is shorter than it was: ${CONSEQUENCE} for what is gone`;
    return `${new SystemError(NAMES[kind], -result, about).message}: ${CONSEQUENCE}`;
  }
}
