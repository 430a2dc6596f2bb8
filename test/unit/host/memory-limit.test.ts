import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { memoryForGuest } from "../../../src/host/memory-limit.ts";

const MIB = 2 ** 20;
const MOUNTS = `22 1 0:19 / /proc rw - proc proc rw
31 22 0:29 / /sys/fs/cgroup ro,nosuid shared:9 - cgroup2 cgroup rw,nsdelegate
`;

/** A host with these cgroups' limits in MiB, by path; volt is in `own`. */
function host(own: string, limits: Readonly<Record<string, number | "max">>, more: Record<string, string> = {}) {
  const files: Record<string, string> = {
    "/proc/self/mountinfo": MOUNTS,
    "/proc/self/cgroup": `0::${own}\n`,
    "/proc/meminfo": "MemTotal:       67108864 kB\nMemFree: 1 kB\n",
    ...more,
  };
  for (const [path, mib] of Object.entries(limits)) {
    files[`/sys/fs/cgroup${path}/memory.max`] = mib === "max" ? "max\n" : `${mib * MIB}\n`;
  }
  return (path: string) => files[path];
}

describe("a container's limit", () => {
  test.each([
    [256, 1, 210],
    [512, 1, 462],
    [512, 8, 448],
    [1024, 2, 964],
    [65536, 1, 64470],
  ])("of %d MiB with %d vCPUs gives a guest of %d MiB", (limit, cpus, mib) => {
    expect(memoryForGuest(cpus, host("/", { "": limit }))).toBe(mib);
  });

  test("counts as well where the host's cgroups are in sight", () => {
    expect(memoryForGuest(1, host("/docker/c1", { "/docker": "max", "/docker/c1": 512 }))).toBe(462);
  });

  test("is no more than what a group above it allows", () => {
    expect(memoryForGuest(1, host("/pod/c", { "/pod": 512, "/pod/c": 2048 }))).toBe(462);
  });

  test("is no more than what the host has", () => {
    const small = { "/proc/meminfo": "MemTotal:       2097153 kB\n" };
    expect(memoryForGuest(1, host("/", { "": 1 << 20 }, small))).toBe(2048);
  });

  test("that leaves no room is an error with the figures", () => {
    expect(() => memoryForGuest(1, host("/", { "": 48 }))).toThrow(
      "--memory: the cgroup's limit of 48 MiB leaves no room for a guest beside volt's own 43 MiB: raise it, or give the flag",
    );
  });

  test("always leaves volt its own, and the guest an even number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 60_000 }), fc.integer({ min: 1, max: 16 }), (limit, cpus) => {
        const mib = memoryForGuest(cpus, host("/", { "": limit }))!;
        expect(mib % 2).toBe(0);
        expect(limit - mib).toBeGreaterThanOrEqual(40 + 2 * cpus + limit / 64);
        expect(limit - mib).toBeLessThan(43 + 2 * cpus + limit / 64);
      }),
    );
  });
});

describe("a limit that volt shares with others", () => {
  const session = "/user.slice/session.scope";

  test("gives no more than the default", () => {
    expect(memoryForGuest(1, host(session, { "/user.slice": 32_768, [session]: "max" }))).toBe(128);
  });

  test("lowers it where there is less", () => {
    expect(memoryForGuest(1, host(session, { "/user.slice": 128, [session]: "max" }))).toBe(84);
  });
});

describe("no limit counts", () => {
  test.each([
    ["in the root group", host("/", {})],
    ["without limits", host("/a/b", { "/a": "max", "/a/b": "max" })],
    ["without cgroups", () => undefined],
    ["in version 1 alone", host("/", { "": 64 }, { "/proc/self/cgroup": "4:memory:/x\n" })],
    ["with a file that holds something else", host("/", {}, { "/sys/fs/cgroup/memory.max": "12x\n" })],
  ])("%s", (_, read) => {
    expect(memoryForGuest(1, read)).toBeUndefined();
  });
});
