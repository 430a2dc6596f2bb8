import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { sharedHost } from "../../testbed/shared.ts";
import { guest, LIMIT, startVolt } from "./volt.ts";

setDefaultTimeout(LIMIT);
const MIB = 2 ** 20;
const SHOW = "grep MemTotal /proc/meminfo; grep 'System RAM' /proc/iomem";
/** Waits for a line, so that the test can look at volt while the guest runs. */
const HOLD = "echo up; read -r line; echo $line";

/** What `SHOW` printed: all RAM the kernel was told of, and what of it is left to use, in bytes. */
function memoryOf(stdout: string): { readonly ranges: string[]; readonly ram: number; readonly total: number } {
  const ranges = [...stdout.matchAll(/^([0-9a-f]+)-([0-9a-f]+) : System RAM$/gm)];
  const ram = ranges.reduce((sum, [, from = "", to = ""]) => sum + parseInt(to, 16) + 1 - parseInt(from, 16), 0);
  const total = 1024 * Number(/^MemTotal: +(\d+) kB$/m.exec(stdout)?.[1]);
  return { ranges: ranges.map(([line]) => line), ram, total };
}

/** A guest of `mib` loses the BIOS area below 1 MiB; the kernel keeps its own image, tables and page structures. */
function expectMemory(stdout: string, mib: number): void {
  const { ram, total } = memoryOf(stdout);
  expect(ram).toBeLessThanOrEqual(mib * MIB);
  expect(ram).toBeGreaterThan((mib - 1) * MIB);
  expect(total).toBeLessThanOrEqual(ram);
  expect(total).toBeGreaterThan(0.95 * ram - 60 * MIB);
}

test.concurrent("a guest has 128 MiB unless told otherwise", async () => {
  const { status, stdout } = await guest(SHOW);

  expect(status).toBe(0);
  expectMemory(stdout, 128);
});

test.concurrent("a guest of 1 GiB sees 1 GiB", async () => {
  const { status, stdout } = await guest(SHOW, ["--memory", "1G"]);

  expect(status).toBe(0);
  expectMemory(stdout, 1024);
  expect(memoryOf(stdout).ranges.at(-1)).toEndWith("-3fffffff : System RAM");
});

test.concurrent("a guest of 6 GiB sees 6 GiB, on both sides of the MMIO hole, and can use the upper part", async () => {
  const fill = "mount -o remount,size=100% /tmp; head -c 64m /dev/zero >/tmp/zeros; wc -c </tmp/zeros";
  const { status, stdout } = await guest(`${SHOW}; ${fill}`, ["--memory", "6G"]);

  expect(status).toBe(0);
  expectMemory(stdout, 6144);
  expect(memoryOf(stdout).ranges.slice(-2)).toEqual([
    "00100000-bfffffff : System RAM",
    "100000000-1bfffffff : System RAM",
  ]);
  expect(stdout).toEndWith(`\n${64 * MIB}\n`);
});

describe("the kernel's pages", () => {
  /** Lines of /proc/PID/smaps about the kernel's file while a guest runs, and how it ended. */
  async function kernelMappings(flags: readonly string[]) {
    let smaps = "";
    async function* input(pid: Promise<number>) {
      smaps = await (await sharedHost()).run(["cat", `/proc/${await pid}/smaps`]).then(({ stdout }) => `${stdout}`);
      yield Buffer.from("done\n");
    }
    const up = Promise.withResolvers<number>();
    await using vm = await startVolt([...flags, "--", "sh", "-c", HOLD], { stdin: input(up.promise) });
    await vm.printed("up\n");
    up.resolve(vm.pid());
    const { status, stdout } = await vm.end();
    const mappings = smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).filter((mapping) => mapping.includes("/vmlinux\n"));
    return { status, stdout, mappings };
  }

  test.concurrent("with --load map are the file's own, shared until written", async () => {
    const { status, stdout, mappings } = await kernelMappings(["--load", "map"]);

    expect({ status, stdout }).toEqual({ status: 0, stdout: "up\ndone\n" });
    expect(mappings.length).toBeGreaterThan(0);
    const clean = mappings.flatMap((mapping) => [...mapping.matchAll(/^(?:Shared|Private)_Clean: +(\d+) kB$/gm)]);
    expect(Math.max(...clean.map(([, kilobytes]) => Number(kilobytes)))).toBeGreaterThan(0);
  });

  test.concurrent("with --load copy are in memory of their own", async () => {
    const { status, stdout, mappings } = await kernelMappings(["--load", "copy"]);

    expect({ status, stdout, mappings }).toEqual({ status: 0, stdout: "up\ndone\n", mappings: [] });
  });
});

describe("--hugepages", () => {
  const HUGE = "/proc/sys/vm/nr_hugepages";

  /** Has the host keep `count` huge pages for as long as `work` takes. @returns what `work` does, or how many there are */
  async function withHugePages<T>(count: number, work: () => Promise<T>): Promise<T | number> {
    const host = await sharedHost();
    const set = (value: number) =>
      host.run(["sh", "-c", `before=$(cat ${HUGE}); echo ${value} >${HUGE}; cat ${HUGE}; echo $before`]);
    const [there, before] = `${(await set(count)).stdout}`.split("\n").map(Number);
    try {
      return there === count ? await work() : (there ?? 0);
    } finally {
      await set(before ?? 0);
    }
  }

  test("backs guest memory with huge pages, and says how many are missing when too few are free", async () => {
    const outcome = await withHugePages(64, async () => {
      const flags = ["--hugepages"];
      const enough = await guest(`${SHOW}; ${HOLD}`, [...flags, "--memory", "128M"], { stdin: "fine\n" });
      const tooFew = await guest("true", [...flags, "--memory", "130M"]);
      return { enough, tooFew };
    });

    if (typeof outcome === "number") throw new Error(`the host has only ${outcome} of 64 huge pages: free some memory`);
    const { enough, tooFew } = outcome;
    expect(enough.status).toBe(0);
    expect(enough.stdout).toEndWith("up\nfine\n");
    expectMemory(enough.stdout, 128);
    expect(tooFew).toMatchObject({ status: 125, stdout: "" });
    expect(tooFew.log).toMatch(/^volt: .*huge.*\n$/);
  });

  test.concurrent("does not go with --load map", async () => {
    const { status, log } = await guest("true", ["--hugepages", "--load", "map", "--memory", "2M"]);

    expect(status).toBe(125);
    expect(log).toMatch(/^volt: .*\n$/);
  });
});
