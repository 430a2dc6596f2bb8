import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sizeOf } from "../../../ffi/block-device.ts";
import { Errno } from "../../../ffi/error.ts";
import { Fd, O } from "../../../ffi/fd.ts";
import { addressOf } from "../../../ffi/memory.ts";
import { allocate, FALLOC_FL, readVector, syncData, writeVector } from "../../../ffi/vectored-io.ts";

test("buffers go to a file and back, at any offset, and holes are made", () => {
  const folder = mkdtempSync(join(tmpdir(), "volt-io-"));
  try {
    const path = join(folder, "a");
    writeFileSync(path, new Uint8Array(1 << 20).fill(1));
    using fd = Fd.open(path, O.RDWR);
    const parts = [Buffer.alloc(3, "abc"), Buffer.alloc(2, "de")];
    const vector = new BigUint64Array(parts.flatMap((part) => [BigInt(addressOf(part)), BigInt(part.length)]));
    expect(writeVector(fd.number, addressOf(vector), 2, 1000)).toBe(5);
    expect(syncData(fd.number)).toBe(0);
    expect(readFileSync(path, "latin1").slice(1000, 1005)).toBe("abcde");
    for (const part of parts) part.fill(0);
    expect(readVector(fd.number, addressOf(vector), 2, 1000)).toBe(5);
    expect(Buffer.concat(parts).toString()).toBe("abcde");
    expect(readVector(fd.number, addressOf(vector), 2, 1 << 20)).toBe(0);
    expect(readVector(fd.number, 0, 2, 0)).toBe(-Errno.EFAULT);
    const before = statSync(path).blocks;
    expect(allocate(fd.number, FALLOC_FL.PUNCH_HOLE | FALLOC_FL.KEEP_SIZE, 0, 1 << 19)).toBe(0);
    expect(statSync(path).blocks).toBeLessThan(before);
    expect(sizeOf(fd)).toBe(1 << 20);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
