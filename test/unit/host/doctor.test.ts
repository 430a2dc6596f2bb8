import { expect, test } from "bun:test";
import { examine } from "../../../src/host/doctor.ts";
import { canRun } from "../../../src/host/finding.ts";
import { failure, thisHost } from "../../../src/host/host.ts";
import { failing, fakeHost } from "../../support/fake-host.ts";

test("a host on which all is right has nothing to mend", () => {
  const findings = examine(fakeHost());
  expect(findings.filter(({ status, mend }) => status !== "ok" || mend !== "")).toEqual([]);
  expect(canRun(findings)).toBe(true);
});

test("every finding has a name of its own and a purpose", () => {
  const findings = examine(fakeHost());
  expect(new Set(findings.map(({ name }) => name)).size).toBe(findings.length);
  expect(findings.filter(({ purpose, found }) => purpose === "" || found === "")).toEqual([]);
});

test("a host on which nothing is right is examined to the end, each fault with its mend, in one line", () => {
  const bare = fakeHost(
    {},
    {
      read: () => undefined,
      isWritable: () => false,
      tryDevice: failing("ENOENT"),
      openKvm: failing("ENOENT"),
      landlockAbi: failing("ENOSYS"),
      checkSeccomp: failing("EINVAL"),
      checkIoUring: failing("ENOSYS"),
    },
  );
  const faults = examine(bare).filter(({ status }) => status !== "ok");
  expect(faults.filter(({ mend }) => mend === "" || mend.includes("\n"))).toEqual([]);
  expect(faults.filter(({ status }) => status === "fail").map(({ name }) => name)).toEqual([
    "KVM",
    "Landlock",
    "seccomp",
    "/proc",
  ]);
  expect(canRun(faults)).toBe(false);
});

test("an error that is no system error is not taken for a finding", () => {
  expect(failure(failing("EACCES"))).toBe("EACCES");
  expect(failure(() => 1)).toBeUndefined();
  const mistake = (): never => {
    throw new TypeError("a mistake of ours");
  };
  expect(() => failure(mistake)).toThrow("a mistake of ours");
});

test("this host is read as it is", () => {
  expect(thisHost.read("/proc/self/status")).toContain("Name:");
  expect(thisHost.read("/proc/no-such-file")).toBeUndefined();
  expect(thisHost.isWritable("/proc/no-such-file")).toBe(false);
  expect(thisHost.isWritable("/dev/null")).toBe(true);
  expect(failure(() => thisHost.tryDevice("/dev/null"))).toBeUndefined();
  expect(failure(() => thisHost.tryDevice("/dev/no-such-device"))).toBe("ENOENT");
});
