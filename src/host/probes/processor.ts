/** Whether guests run in hardware. */
import { type Finding, lacking, ok, type Subject } from "../finding.ts";
import type { Host } from "../host.ts";

const GUEST_MODE: Subject = { name: "guest kernel mode", purpose: "a guest's kernel at full speed" };

/** Hardware when the processor shows VMX or SVM; without, KVM can only emulate a guest's kernel, if it is there at all. */
export function probeProcessor(host: Host): Finding {
  const flags = /^flags\s*:(.*)$/m.exec(host.read("/proc/cpuinfo") ?? "")?.[1]?.split(/\s+/) ?? [];
  if (flags.includes("vmx")) return ok(GUEST_MODE, "in hardware (VMX)");
  if (flags.includes("svm")) return ok(GUEST_MODE, "in hardware (SVM)");
  return lacking(
    GUEST_MODE,
    "warn",
    "emulated: neither vmx nor svm in /proc/cpuinfo, so only tiny guests run here",
    "in volt's repository use bun run nested; or turn on VT-x or AMD-V in the firmware, or nested virtualisation where this host is itself a VM",
  );
}
