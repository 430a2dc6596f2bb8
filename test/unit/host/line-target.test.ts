/** Lines into files, FIFOs and pipes whose readers are slow, late or gone. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Fd, O } from "../../../ffi/fd.ts";
import { LineTarget, openLineTarget } from "../../../src/host/line-target.ts";
import { systemError } from "../../support/thrown.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "volt-lines-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = (name: string): string => join(folder, name);

function fifo(): string {
  expect(Bun.spawnSync(["mkfifo", path("fifo")]).exitCode).toBe(0);
  return path("fifo");
}

/** All that can be read now. */
function drain(reader: Fd): string {
  const chunk = new Uint8Array(100_000);
  let text = "";
  for (let count = reader.read(chunk); count > 0; count = reader.read(chunk)) {
    text += Buffer.from(chunk.subarray(0, count)).toString();
  }
  return text;
}

const line = (number: number, bytes: number): string => `${String(number).padEnd(bytes - 1, ".")}\n`;

describe("a file", () => {
  test("is made, and appended to where that is asked", () => {
    for (const text of ["a\n", "b\n"]) {
      using fd = openLineTarget(path("new"), O.APPEND);
      expect(new LineTarget(fd).write(text)).toBe(true);
    }
    expect(readFileSync(path("new"), "utf8")).toBe("a\nb\n");
  });

  test("in no folder is an error", () => {
    expect(systemError(() => openLineTarget(path("no/file"))).code).toBe("ENOENT");
  });

  test("that is full loses the line, and takes the next when there is room", () => {
    using full = openLineTarget("/dev/full");
    expect(new LineTarget(full).write("x\n")).toBe(false);
  });
});

describe("a FIFO", () => {
  test("needs no reader: who comes later finds the first lines, each whole", () => {
    using fd = openLineTarget(fifo());
    const target = new LineTarget(fd);
    const taken = Array.from({ length: 100 }, (_, number) => target.write(line(number, 7000)));
    expect(taken.filter(Boolean).length).toBeGreaterThanOrEqual(3);
    expect(taken.at(-1)).toBe(false);
    using reader = Fd.open(path("fifo"), O.RDONLY | O.NONBLOCK);
    const expected = taken.flatMap((was, number) => (was ? [line(number, 7000)] : []));
    expect(drain(reader)).toBe(expected.join(""));
    expect(target.write(line(100, 7000))).toBe(true);
    expect(drain(reader)).toBe(line(100, 7000));
  });

  test("gives its reader whole lines whatever their lengths, however slowly it reads", () => {
    using fd = openLineTarget(fifo());
    using reader = Fd.open(path("fifo"), O.RDONLY | O.NONBLOCK);
    const step = fc.record({ bytes: fc.integer({ min: 2, max: 20_000 }), reads: fc.integer({ min: 0, max: 30_000 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        drain(reader);
        const target = new LineTarget(fd);
        let [written, read] = ["", ""];
        steps.forEach(({ bytes, reads }, number) => {
          const text = line(number, Math.max(bytes, 4));
          if (target.write(text)) written += text;
          const chunk = new Uint8Array(reads);
          const count = reads === 0 ? 0 : reader.read(chunk);
          if (count > 0) read += Buffer.from(chunk.subarray(0, count)).toString();
        });
        expect(read + drain(reader)).toBe(written);
      }),
      { numRuns: 50 },
    );
  });

  test("smaller than a line has it in pieces, and no other line between", () => {
    using fd = openLineTarget(fifo());
    const F_SETPIPE_SZ = 1031;
    expect(
      Bun.spawnSync(["python3", "-c", `import fcntl; fcntl.fcntl(0, ${F_SETPIPE_SZ}, 4096)`], { stdin: fd.number })
        .exitCode,
    ).toBe(0);
    // Whoever gives a descriptor to a child makes it one that waits.
    fd.setNonBlocking(true);
    using reader = Fd.open(path("fifo"), O.RDONLY | O.NONBLOCK);
    const target = new LineTarget(fd);
    expect(target.write(line(1, 6000))).toBe(true);
    expect(target.write(line(2, 100))).toBe(false);
    let read = drain(reader);
    expect(read).toHaveLength(4096);
    // The first one's end takes the only page.
    expect(target.write(line(3, 100))).toBe(false);
    read += drain(reader);
    expect(target.write(line(4, 100))).toBe(true);
    expect(read + drain(reader)).toBe(line(1, 6000) + line(4, 100));
  });
});

test("a pipe that would make a writer wait does not: its lines are lost while nobody reads", () => {
  const child = Bun.spawnSync(
    [process.execPath, join(import.meta.dir, "blocking-writer.ts")],
    // Its stdout is read at its end alone; a write that waits runs into the limit.
    { stdout: Bun.file(fifoWithIdleReader()), timeout: 20_000 },
  );
  expect(child.exitCode).toBe(0);
  const { taken, lost } = JSON.parse(child.stderr.toString());
  expect([taken > 0, lost > 0]).toEqual([true, true]);
});

/** A FIFO that somebody holds open to read, and does not. */
function fifoWithIdleReader(): string {
  const name = fifo();
  Fd.open(name, O.RDWR);
  return name;
}
