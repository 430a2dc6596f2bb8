import { Fd } from "../../../../ffi/fd.ts";
import type { Disk } from "./disk.ts";
import type { DiskEngine } from "./engine/operation.ts";
import type { DiskFile } from "./open.ts";

/** Told of the end: undefined when the disk has its new file, or why it keeps the old one. */
export type Swapped = (problem?: string) => void;

/**
 * A disk's way to another file. Requests are several operations, and the kernel may look up late which file an operation is
 * for: so it is made only when none is under way, and until then none is begun.
 */
export class FileSwap {
  readonly #disk: Disk;
  readonly #engine: DiskEngine;
  #next: { readonly file: DiskFile; readonly done: Swapped } | undefined;

  constructor(disk: Disk, engine: DiskEngine) {
    this.#disk = disk;
    this.#engine = engine;
  }

  /** Whether no request may begin. */
  get isPending(): boolean {
    return this.#next !== undefined;
  }

  /** The file on its way. */
  get coming(): Fd | undefined {
    const file = this.#next?.file;
    return file && new Fd(file.fd, file.path);
  }

  begin(file: DiskFile, done: Swapped): void {
    this.#next = { file, done };
  }

  /** No request is under way. @returns what to call when all is in place again, and what happened */
  carryOut(): { readonly done: Swapped; readonly problem: string | undefined } {
    const { file, done } = this.#next!;
    this.#next = undefined;
    try {
      this.#engine.replaceFile(new Fd(file.fd, file.path), file.isLocal);
    } catch (error) {
      new Fd(file.fd, file.path).close();
      return { done, problem: error instanceof Error ? error.message : String(error) };
    }
    this.#disk.use(file);
    return { done, problem: undefined };
  }
}
