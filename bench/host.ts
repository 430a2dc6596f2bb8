/** The machine that the figures are of, as far as it bears on them. */
import { accessSync, constants, readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { type GuestHost, guestHost } from "../test/testbed/host.ts";
import type { Place } from "./report/result.ts";

/** Where guests are measured. */
export interface GuestPlaces {
  /** Those of a few instructions: on every KVM there is, also on one that emulates a guest's kernel. */
  readonly tiny: Place;
  readonly linux: Place;
}

export function guestPlaces(linux: GuestHost, hasKvm: boolean): GuestPlaces {
  return {
    tiny: hasKvm ? "this machine" : "nested machine",
    linux: linux === "native" ? "this machine" : "nested machine",
  };
}

/** Whether this process may make VMs here. */
export function hasKvm(): boolean {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

export function describeHost(): Record<string, string> {
  const processors = cpus();
  return {
    processor: `${processors[0]?.model.trim() ?? "unknown"}, ${processors.length} of them`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: readIfThere("/proc/sys/kernel/osrelease") ?? "unknown",
    governor: readIfThere("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") ?? "none to be seen",
    kvm: kvm(),
    guests: describePlaces(guestPlaces(guestHost(), hasKvm())),
    load: loadavg()
      .map((load) => load.toFixed(1))
      .join(" "),
    bun: Bun.version,
  };
}

function describePlaces({ tiny, linux }: GuestPlaces): string {
  if (linux === "this machine") return "all on this machine";
  const nested = "in the nested machine, where QEMU emulates an AMD processor's SVM in software";
  return tiny === "this machine" ? `tiny ones on this machine, Linux ${nested}` : `all ${nested}`;
}

function kvm(): string {
  if (!hasKvm()) return "none: no /dev/kvm that may be opened";
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
