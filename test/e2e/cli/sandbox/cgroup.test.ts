/** volt in a cgroup of version 2, where this host has one mounted. */
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { cgroupMount } from "../../../../src/security/cgroup.ts";
import { Folder } from "../volt.ts";
import { running } from "./support.ts";

const mount = cgroupMount() ?? "";
const controllers = mount === "" ? "" : readFileSync(`${mount}/cgroup.controllers`, "utf8");
const lacks = (...names: string[]) => mount === "" || names.some((name) => !controllers.split(/\s/).includes(name));
const SIZE = 2 ** 20;

describe("--cgroup", () => {
  const name = `volt-test-${process.pid}`;
  const file = (of: string) => readFileSync(`${mount}/${name}/${of}`, "utf8").trim();
  // The kernel keeps it until the last thread in it is gone.
  afterEach(async () => {
    while (existsSync(`${mount}/${name}/cgroup.procs`) && file("cgroup.procs") !== "") await Bun.sleep(5);
    if (existsSync(`${mount}/${name}`)) rmdirSync(`${mount}/${name}`);
  });

  test.skipIf(mount === "")("has volt in that cgroup before its guest starts", async () => {
    using folder = new Folder();
    await using vm = running(folder, ["--cgroup", name]);
    await vm.printed("up");
    expect(file("cgroup.procs").split("\n")).toContain(String(vm.pid));
  });

  test.skipIf(lacks("memory", "cpu", "pids"))("has the limits in force that it was given", async () => {
    using folder = new Folder();
    await using vm = running(folder, ["--cgroup", `${name},memory=512M,cpu=250,pids=40`]);
    await vm.printed("up");
    expect(file("memory.max")).toBe(String(512 * 2 ** 20));
    expect(file("cpu.max")).toBe("250000 100000");
    expect(file("pids.max")).toBe("40");
    // They count what volt has.
    expect(Number(file("pids.current"))).toBeGreaterThan(1);
    expect(Number(file("memory.current"))).toBeGreaterThan(0);
  });

  test.skipIf(lacks("io", "memory"))("limits the device that a disk is", async () => {
    using folder = new Folder();
    writeFileSync(folder.file("image"), "");
    truncateSync(folder.file("image"), SIZE);
    const loop = command("losetup", "--find", "--show", folder.file("image"));
    try {
      const { rdev } = statSync(loop);
      const device = `${rdev >> 8}:${rdev & 255}`;
      await using vm = running(folder, ["--disk", loop, "--cgroup", `${name},rbps=1M,wiops=100`]);
      await vm.printed("up");
      expect(file("io.max")).toBe(`${device} rbps=1048576 wbps=max riops=max wiops=100`);
    } finally {
      command("losetup", "--detach", loop);
    }
  });
});

function command(...words: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(words, {
    env: { PATH: `${process.env["PATH"]}:/sbin:/usr/sbin` },
  });
  if (exitCode !== 0) throw new Error(`${words.join(" ")}: ${stderr}`);
  return stdout.toString().trim();
}
