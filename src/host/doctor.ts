/** Everything `volt doctor` looks at, most important first. */
import type { Finding } from "./finding.ts";
import type { Host } from "./host.ts";
import { probeCgroups } from "./probes/cgroup.ts";
import { probeLandlock, probeNamespaces, probeSeccomp } from "./probes/confinement.ts";
import { probeDevices, probeIoUring } from "./probes/devices.ts";
import { probeKvm } from "./probes/kvm.ts";
import { probeHugePages, probeMemory } from "./probes/memory.ts";
import { probePlatform } from "./probes/platform.ts";
import { probeProcessor } from "./probes/processor.ts";

/** Changes nothing on the host. */
export function examine(host: Host): Finding[] {
  return [
    probeProcessor(host),
    ...probeKvm(host),
    probeLandlock(host),
    probeSeccomp(host),
    probeNamespaces(host),
    ...probeCgroups(host),
    probeIoUring(host),
    ...probeDevices(host),
    probeMemory(host),
    probeHugePages(host),
    ...probePlatform(host),
  ];
}
