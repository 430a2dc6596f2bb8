import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cgroupLimits, cgroupMount, enterCgroup } from "../../../src/security/cgroup.ts";

/** A folder that stands for the mount: files are there where the kernel would make them. */
let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "volt-cgroup-"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function cgroup(name: string, files: readonly string[], text = ""): void {
  mkdirSync(join(root, name), { recursive: true });
  for (const file of files) writeFileSync(join(root, name, file), text);
}
const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("limits", () => {
  test("are what the kernel's files take", () => {
    expect([...cgroupLimits({ name: "x", memory_mib: 512, cpu_percent: 250, pids: 40 }, ["8:0"])]).toEqual([
      ["memory.max", ["536870912"]],
      ["cpu.max", ["250000 100000"]],
      ["pids.max", ["40"]],
    ]);
    expect(cgroupLimits({ name: "x" }, []).size).toBe(0);
  });

  test("on reads and writes are each device's", () => {
    const io = { rbps_mib: 2, wiops: 300 };
    expect(cgroupLimits({ name: "x", io }, ["8:0", "259:1"]).get("io.max")).toEqual([
      "8:0 rbps=2097152 wiops=300",
      "259:1 rbps=2097152 wiops=300",
    ]);
  });
});

describe("entering", () => {
  test("hands controllers down, sets limits, and moves the process last", () => {
    cgroup("", ["cgroup.subtree_control"], "cpu pids");
    cgroup("vms", ["cgroup.subtree_control"]);
    cgroup("vms/a", ["memory.max", "pids.max", "cgroup.procs"]);
    enterCgroup({ name: "vms/a", memory_mib: 1, pids: 3 }, [], root);
    expect(read("cgroup.subtree_control")).toStartWith("+memory");
    expect(read("vms/cgroup.subtree_control")).toBe("+memory +pids");
    expect(read("vms/a/memory.max")).toBe("1048576");
    expect(read("vms/a/pids.max")).toBe("3");
    expect(read("vms/a/cgroup.procs")).toBe("0");
  });

  test("with limits on a disk also has the memory counted, whose write-backs they are of", () => {
    cgroup("", ["cgroup.subtree_control"]);
    cgroup("a", ["io.max", "cgroup.procs"]);
    enterCgroup({ name: "a", io: { wbps_mib: 1 } }, ["8:0"], root);
    expect(read("cgroup.subtree_control")).toBe("+io +memory");
    expect(read("a/io.max")).toBe("8:0 wbps=1048576");
  });

  test("makes what is not there, and asks for no controller without a limit", () => {
    cgroup("vms", []);
    // The kernel would make the file with the folder; a folder of tmpfs has none.
    expect(() => enterCgroup({ name: "vms/new/deep" }, [], root)).toThrow("--cgroup: ");
    expect(existsSync(join(root, "vms/new/deep"))).toBe(true);
    expect(existsSync(join(root, "cgroup.subtree_control"))).toBe(false);
  });

  test.each([
    [
      "a controller that is not there",
      { name: "a", memory_mib: 1 },
      "a/memory.max: this host's cgroup v2 has no such controller",
    ],
    ["a place that is no folder", { name: "file/a" }, "ENOTDIR"],
  ])("says what is wrong with %s", (_, config, message) => {
    cgroup("", ["cgroup.subtree_control", "file"], "memory");
    cgroup("a", ["cgroup.procs"]);
    expect(() => enterCgroup(config, [], root)).toThrow(message);
  });
});

test("the mount is found wherever it is", () => {
  const mounts = [
    "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - tmpfs tmpfs rw",
    "36 35 0:31 / /sys/fs/cgroup/memory rw shared:10 - cgroup cgroup rw,memory",
    "37 35 0:32 / /sys/fs/cgroup/unified rw,nosuid shared:11 master:3 - cgroup2 cgroup2 rw",
  ];
  expect(cgroupMount(`${mounts.join("\n")}\n`)).toBe("/sys/fs/cgroup/unified");
  expect(cgroupMount(mounts.slice(0, 2).join("\n"))).toBeUndefined();
});
