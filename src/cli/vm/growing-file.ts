import { Fd, O } from "../../../ffi/fd.ts";
import { exists } from "../../../ffi/files.ts";
import { OLDER } from "../../instances/paths.ts";

const CHUNK_BYTES = 64 * 1024;

/** A file of a detached VM's output, read as it grows. When it is full it is emptied, and its contents are in another. */
export class GrowingFile {
  readonly #path: string;
  #at = 0;
  #began = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** What has come since the last call. */
  *news(): Generator<Uint8Array> {
    if (!exists(this.#path)) return;
    using current = Fd.open(this.#path, O.RDONLY);
    if (!this.#began) {
      this.#began = true;
      yield* this.#older(0);
    } else if (current.status().size < this.#at) {
      const at = this.#at;
      this.#at = 0;
      yield* this.#older(at);
    }
    for (const bytes of chunks(current, this.#at)) {
      this.#at += bytes.length;
      yield bytes;
    }
  }

  *#older(from: number): Generator<Uint8Array> {
    if (!exists(this.#path + OLDER)) return;
    using older = Fd.open(this.#path + OLDER, O.RDONLY);
    yield* chunks(older, from);
  }
}

function* chunks(file: Fd, from: number): Generator<Uint8Array> {
  for (let at = from, bytes = file.readAt(at, CHUNK_BYTES); bytes.length > 0; bytes = file.readAt(at, CHUNK_BYTES)) {
    at += bytes.length;
    yield bytes;
  }
}
