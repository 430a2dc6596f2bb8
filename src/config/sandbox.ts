/** The layers between a guest that has taken over volt, and the host. */
import * as v from "valibot";
import { oneOf, path, whole } from "./fields.ts";

/** 2^32 - 1 means "none" to the kernel. */
const MOST_ID = 2 ** 32 - 2;
/** Each segment a name: no way up, none into the root itself. */
const CGROUP_NAME = /^(?!\.)[\w.@:-]+(\/(?!\.)[\w.@:-]+)*$/;

const cgroup = v.strictObject({
  /** Below the mount of cgroup v2; made where it is not there. */
  name: v.pipe(v.string(), v.regex(CGROUP_NAME, "must be a path below the cgroup mount, such as vms/web")),
  /** memory.max in MiB: the guest's memory and volt's own. */
  memory_mib: v.optional(whole(1, 2 ** 24)),
  /** cpu.max: per cent of one CPU. */
  cpu_percent: v.optional(whole(1, 100_000)),
  /** pids.max: volt's threads. */
  pids: v.optional(whole(1, 2 ** 22)),
  /** io.max of each block device that a disk of the VM lies on: MiB and requests a second. */
  io: v.optional(
    v.strictObject({
      rbps_mib: v.optional(whole(1, 2 ** 24)),
      wbps_mib: v.optional(whole(1, 2 ** 24)),
      riops: v.optional(whole(1, 2 ** 31)),
      wiops: v.optional(whole(1, 2 ** 31)),
    }),
  ),
});

export const sandbox = v.strictObject({
  /** Under `audit` a forbidden system call is made and listed, and ends nothing. */
  mode: v.optional(oneOf("enforce", "audit"), "enforce"),
  seccomp: v.optional(v.boolean(), true),
  landlock: v.optional(v.boolean(), true),
  /** `auto` takes those that the host gives. */
  namespaces: v.optional(oneOf("auto", "require", "off"), "auto"),
  /** One of its own, with a parent outside of it. */
  pid_namespace: v.optional(v.boolean(), false),
  /** Who volt is once everything is open. */
  uid: v.optional(whole(0, MOST_ID)),
  gid: v.optional(whole(0, MOST_ID)),
  cgroup: v.optional(cgroup),
  /** What the API may open later. */
  allow_paths: v.optional(v.array(v.pipe(path, v.regex(/^\/./, "must begin with /"))), []),
});
