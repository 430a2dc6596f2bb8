/** The machine that the figures are of, as far as it bears on them. */
import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { guestHost } from "../test/testbed/host.ts";

export function describeHost(): Record<string, string> {
  const processors = cpus();
  return {
    processor: `${processors[0]?.model.trim() ?? "unknown"}, ${processors.length} of them`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: readIfThere("/proc/sys/kernel/osrelease") ?? "unknown",
    governor: readIfThere("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") ?? "none to be seen",
    kvm: kvm(),
    guests:
      guestHost() === "native" ? "on this machine" : "in the nested machine: QEMU emulates an AMD processor's SVM",
    load: loadavg()
      .map((load) => load.toFixed(1))
      .join(" "),
    bun: Bun.version,
  };
}

function kvm(): string {
  const flags = readIfThere("/proc/cpuinfo") ?? "";
  const virtual = /^flags.*\bhypervisor\b/m.test(flags) ? "; the machine is itself a virtual one" : "";
  if (/^flags.*\bvmx\b/m.test(flags)) return `Intel VMX${virtual}`;
  if (/^flags.*\bsvm\b/m.test(flags)) return `AMD SVM${virtual}`;
  return `without VMX or SVM: the host emulates guest kernels${virtual}`;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}
