/** An open file as something to parse. */
import type { Fd } from "../../ffi/fd.ts";
import { BootError, CUT_SHORT } from "./error.ts";
import type { ByteSource } from "./source.ts";

/** @param name how messages call it; @param size in bytes, as the file was when it was opened */
export function fileSource(fd: Fd, name: string, size: number): ByteSource {
  return {
    name,
    size,
    read(offset, length) {
      // Compared before anything is allocated: `length` may come from a hostile header.
      const inside = offset >= 0 && length >= 0 && length <= size - offset;
      const bytes = inside ? fd.readAt(offset, length) : undefined;
      if (bytes?.length !== length) throw new BootError(name, `it ends before byte ${offset + length}`, CUT_SHORT);
      return bytes;
    },
  };
}
