/** What a user gives, taken in before anything of it is looked at. */
import { Fd, O } from "../../ffi/fd.ts";
import { ConfigError } from "../config/error.ts";
import { openInput } from "../host/open-file.ts";
import type { Draft } from "./draft.ts";
import type { StorePaths } from "./paths.ts";
import { writing } from "./writing.ts";

/** A vmlinux with all of its debug information has under a gigabyte. */
const FILE_MAX = 4 * 2 ** 30;
const PIECE = 4 * 2 ** 20;

/**
 * Copies a file into a draft. Digest, signature and kernel are then of the same bytes, whatever happens at the path
 * meanwhile.
 * @returns the copy's path
 * @throws ConfigError
 */
export function takeIn(paths: StorePaths, draft: Draft, file: string): string {
  const { fd, size } = openInput(file, "kernel");
  using source = fd;
  if (size > FILE_MAX) throw new ConfigError("", "kernel", `${file} has ${size} bytes: no kernel is that large`);
  const path = draft.file("came");
  return writing(paths.home, () => {
    using copy = Fd.open(path, O.WRONLY | O.CREAT | O.EXCL, 0o600);
    for (let at = 0; at <= FILE_MAX; ) {
      const bytes = source.readAt(at, PIECE);
      if (bytes.length === 0) break;
      copy.writeAll(bytes);
      at += bytes.length;
    }
    return path;
  });
}
