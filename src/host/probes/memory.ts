/** Memory for guests. */
import { type Finding, lacking, ok, type Subject } from "../finding.ts";
import type { Host } from "../host.ts";

const MEMORY: Subject = { name: "memory", purpose: "guests: each takes what it touches, and a few MiB for volt" };
const HUGE_PAGES: Subject = { name: "huge pages", purpose: "--hugepages: a guest in pages of 2 MiB, set aside for it" };
const POOL = "/sys/kernel/mm/hugepages/hugepages-2048kB";
/** The default guest. */
const GUEST_MIB = 128;
const GUEST_HUGE_PAGES = GUEST_MIB / 2;

export function probeMemory(host: Host): Finding {
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(host.read("/proc/meminfo") ?? "")?.[1];
  if (kib === undefined) return lacking(MEMORY, "warn", "/proc/meminfo does not tell", "mount -t proc proc /proc");
  const mib = Math.floor(Number(kib) / 1024);
  const found = `${mib} MiB available`;
  if (mib >= GUEST_MIB) return ok(MEMORY, found);
  return lacking(MEMORY, "warn", found, `the default guest has ${GUEST_MIB} MiB: end something, or run with --memory`);
}

export function probeHugePages(host: Host): Finding {
  const total = host.read(`${POOL}/nr_hugepages`)?.trim();
  const free = host.read(`${POOL}/free_hugepages`)?.trim();
  if (total === undefined || free === undefined) {
    return lacking(HUGE_PAGES, "info", "not in this kernel", "boot a kernel with CONFIG_HUGETLBFS=y, as Debian's are");
  }
  const found = `${free} free of ${total}, 2 MiB each`;
  if (Number(free) >= GUEST_HUGE_PAGES) return ok(HUGE_PAGES, found);
  const enough = Number(total) + GUEST_HUGE_PAGES - Number(free);
  return lacking(HUGE_PAGES, "info", found, `sysctl vm.nr_hugepages=${enough} (a guest of ${GUEST_MIB} MiB)`);
}
