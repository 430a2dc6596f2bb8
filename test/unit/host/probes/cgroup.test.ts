import { expect, test } from "bun:test";
import { probeCgroups } from "../../../../src/host/probes/cgroup.ts";
import { fakeHost } from "../../../support/fake-host.ts";

test("a group that is the caller's, with all controllers, is good", () => {
  expect(probeCgroups(fakeHost()).map(({ status, found }) => [status, found])).toEqual([
    ["ok", "/sys/fs/cgroup"],
    ["ok", "/sys/fs/cgroup/user.slice/volt: cpu, io, memory, pids"],
  ]);
});

test("no version 2 is one finding, and how to get it", () => {
  const findings = probeCgroups(fakeHost({ "/sys/fs/cgroup/cgroup.controllers": undefined }));
  expect(findings.map(({ status, found }) => [status, found])).toEqual([["info", "not mounted"]]);
  expect(findings[0]?.mend).toContain("systemd.unified_cgroup_hierarchy=1");
});

test("a group that is somebody else's wants delegation", () => {
  const asked: string[] = [];
  const isWritable = (path: string): boolean => asked.push(path) < 0;
  expect(probeCgroups(fakeHost({}, { isWritable }))[1]).toMatchObject({
    status: "info",
    found: "/sys/fs/cgroup/user.slice/volt is not yours to divide",
    mend: "systemd-run --user --scope -p Delegate=yes volt run ...",
  });
  expect(asked).toEqual(["/sys/fs/cgroup/user.slice/volt/cgroup.procs"]);
});

test("controllers that are missing are named, with the line that hands them down", () => {
  const own = "/sys/fs/cgroup/user.slice/volt/cgroup.controllers";
  expect(probeCgroups(fakeHost({ [own]: "pids\n" }))[1]).toMatchObject({
    status: "info",
    found: "/sys/fs/cgroup/user.slice/volt lacks cpu, io, memory",
    mend: 'echo "+cpu +io +memory" > cgroup.subtree_control in the group above',
  });
});

test("beside version 1, the hierarchy is looked for where systemd puts it", () => {
  const host = fakeHost({
    "/sys/fs/cgroup/cgroup.controllers": undefined,
    "/sys/fs/cgroup/unified/cgroup.controllers": "\n",
    "/proc/self/cgroup": "4:memory:/x\n0::/\n",
  });
  const [version, delegation] = probeCgroups(host);
  expect(version).toMatchObject({ status: "ok", found: "/sys/fs/cgroup/unified" });
  expect(delegation).toMatchObject({ found: "/sys/fs/cgroup/unified lacks cpu, io, memory, pids" });
  expect(delegation?.mend).toContain("version 1 holds these controllers");
});
