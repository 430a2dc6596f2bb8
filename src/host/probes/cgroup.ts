/** Control groups: limits on what a VM takes of the host. */
import { type Finding, lacking, ok, type Subject } from "../finding.ts";
import type { Host } from "../host.ts";

const VERSION_2: Subject = {
  name: "cgroup v2",
  purpose: "--cgroup: limits on a VM's processor time, memory and disks",
};
const DELEGATION: Subject = { name: "cgroup delegation", purpose: "a group of its own for each VM" };

/** Where the unified hierarchy is mounted: alone, or beside version 1. */
const MOUNTS = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] as const;
const WANTED = ["cpu", "io", "memory", "pids"] as const;

export function probeCgroups(host: Host): Finding[] {
  const mount = MOUNTS.find((path) => host.read(`${path}/cgroup.controllers`) !== undefined);
  if (mount === undefined) {
    const mend = "boot with systemd.unified_cgroup_hierarchy=1, or mount -t cgroup2 none /sys/fs/cgroup";
    return [lacking(VERSION_2, "info", "not mounted", mend)];
  }
  return [ok(VERSION_2, mount), probeDelegation(host, mount)];
}

function probeDelegation(host: Host, mount: string): Finding {
  // "0::/user.slice/...": the one line of version 2.
  const group = /^0::(.*)$/m.exec(host.read("/proc/self/cgroup") ?? "")?.[1] ?? "/";
  const folder = `${mount}${group === "/" ? "" : group}`;
  if (!host.isWritable(`${folder}/cgroup.procs`)) {
    const mend = "systemd-run --user --scope -p Delegate=yes volt run ...";
    return lacking(DELEGATION, "info", `${folder} is not yours to divide`, mend);
  }
  const controllers = (host.read(`${folder}/cgroup.controllers`) ?? "").split(/\s+/);
  const missing = WANTED.filter((name) => !controllers.includes(name));
  if (missing.length === 0) return ok(DELEGATION, `${folder}: ${WANTED.join(", ")}`);
  const mend =
    mount === MOUNTS[0]
      ? `echo "${missing.map((name) => `+${name}`).join(" ")}" > cgroup.subtree_control in the group above`
      : "boot with systemd.unified_cgroup_hierarchy=1: version 1 holds these controllers";
  return lacking(DELEGATION, "info", `${folder} lacks ${missing.join(", ")}`, mend);
}
