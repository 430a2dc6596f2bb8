import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backingDevice } from "../../../src/security/backing-device.ts";

/** A folder that stands for /sys/dev/block. */
let sysfs = "";
let image = "";
let device = "";
beforeEach(() => {
  sysfs = mkdtempSync(join(tmpdir(), "volt-sysfs-"));
  image = join(sysfs, "image");
  writeFileSync(image, "");
  const { dev } = statSync(image);
  device = `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`;
});
afterEach(() => rmSync(sysfs, { recursive: true }));

test("a file's is that of its file system", () => {
  mkdirSync(join(sysfs, device));
  expect(backingDevice(image, sysfs)).toBe(device);
});

test("a partition's is its whole disk", () => {
  mkdirSync(join(sysfs, "sda/sda1"), { recursive: true });
  writeFileSync(join(sysfs, "sda/dev"), "8:0\n");
  writeFileSync(join(sysfs, "sda/sda1/partition"), "1\n");
  symlinkSync("sda/sda1", join(sysfs, device));
  expect(backingDevice(image, sysfs)).toBe("8:0");
});

test("a file without one can't have its reads and writes limited", () => {
  expect(() => backingDevice(image, sysfs)).toThrow(/^--cgroup: .*image lies on no block device of this host/);
});
