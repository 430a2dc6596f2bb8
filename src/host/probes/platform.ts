/** What volt's own executable stands on. */
import { type Finding, lacking, ok, type Subject } from "../finding.ts";
import type { Host } from "../host.ts";

const PROC: Subject = { name: "/proc", purpose: "volt finds its own executable and descriptors there" };
const GLIBC: Subject = { name: "glibc", purpose: "the C library that volt calls the kernel through" };

export function probePlatform(host: Host): Finding[] {
  return [
    host.read("/proc/self/status") === undefined
      ? lacking(PROC, "fail", "not mounted", "mount -t proc proc /proc")
      : ok(PROC, "mounted"),
    ok(GLIBC, host.glibcVersion()),
  ];
}
