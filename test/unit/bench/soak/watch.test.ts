import { describe, expect, test } from "bun:test";
import { type Holdings, leaks, readHoldings } from "../../../../bench/soak/watch.ts";

const MIB = 2 ** 20;
const held: Holdings = { descriptors: 40, threads: 9, memory: 8 * MIB, temporaryFiles: 12, processes: 1 };

describe("what a VM holds", () => {
  test("is read with all memory but the guest's, which a core dump leaves out", () => {
    const text = `40
9
1
10
/tmp/volt-bench-1
/tmp/volt-of-another-machine
/var/tmp/volt-x

7f0000000000-7f0010000000 rw-p 00000000 00:00 0
Private_Dirty:    262144 kB
VmFlags: rd wr mr mw me nr dd hg
7f1000000000-7f1000400000 rw-p 00000000 00:00 0                          [heap]
Private_Dirty:      5120 kB
VmFlags: rd wr mr mw me ac
55d000000000-55d000400000 r-xp 00000000 08:01 42                         /usr/bin/volt
Private_Dirty:      3072 kB
VmFlags: rd ex mr mw me
`;
    expect(readHoldings(text, (path) => path.includes("another"))).toEqual(held);
  });

  test("and no less of it at the end is no leak, nor what a collector has not yet given back", () => {
    expect(leaks(held, { ...held, descriptors: 39, memory: 11 * MIB })).toEqual([]);
  });

  test("is a leak where there is more of it at the end", () => {
    const after = { descriptors: 41, threads: 10, memory: 13 * MIB, temporaryFiles: 13, processes: 2 };
    expect(leaks(held, after)).toEqual([
      "descriptors: 40 -> 41",
      "threads: 9 -> 10",
      "temporaryFiles: 12 -> 13",
      "processes: 1 -> 2",
      "memory: 8.0 -> 13.0 MiB",
    ]);
  });
});
