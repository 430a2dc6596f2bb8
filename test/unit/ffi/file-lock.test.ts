import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fd, O } from "../../../ffi/fd.ts";
import { lockFile } from "../../../ffi/file-lock.ts";

function withFile(use: (path: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "volt-lock-"));
  try {
    writeFileSync(join(folder, "a"), "");
    use(join(folder, "a"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("one writer or many readers hold a file, until it is closed", () => {
  withFile((path) => {
    using reader = Fd.open(path, O.RDONLY);
    {
      using writer = Fd.open(path, O.RDWR);
      expect(lockFile(writer, "exclusive")).toBe(true);
      expect(lockFile(reader, "shared")).toBe(false);
    }
    expect(lockFile(reader, "shared")).toBe(true);
    using other = Fd.open(path, O.RDWR);
    expect(lockFile(other, "shared")).toBe(true);
    expect(lockFile(other, "exclusive")).toBe(false);
  });
});
