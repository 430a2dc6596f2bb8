/** /dev/kvm: there, permitted, and good for a VM. */
import { type Finding, lacking, ok, type Subject } from "../finding.ts";
import { failure, type Host, type HostKvm } from "../host.ts";
import { probeCapabilities } from "./capabilities.ts";

const DEVICE: Subject = { name: "KVM", purpose: "runs guests: without it there is no VM" };
const API: Subject = { name: "KVM API", purpose: "the interface that every kernel since 2.6.22 keeps stable" };
const VM: Subject = { name: "KVM VM", purpose: "a VM can really be made" };
const STABLE_API = 12;

export function probeKvm(host: Host): Finding[] {
  let kvm: HostKvm | undefined;
  const refused = failure(() => {
    kvm = host.openKvm();
  });
  if (kvm === undefined) return [lacking(DEVICE, "fail", `/dev/kvm: ${refused}`, mendDevice(refused, host))];
  using opened = kvm;
  const version = opened.apiVersion();
  if (version !== STABLE_API) {
    return [ok(DEVICE, "/dev/kvm opens"), lacking(API, "fail", `version ${version}`, "boot a current Linux kernel")];
  }
  return [ok(DEVICE, "/dev/kvm opens"), ok(API, `version ${version}`), probeVm(opened), ...probeCapabilities(opened)];
}

function probeVm(kvm: HostKvm): Finding {
  const refused = failure(() => kvm.createVm()[Symbol.dispose]());
  if (refused === undefined) return ok(VM, "made and closed");
  const mend =
    refused === "EBUSY"
      ? "another hypervisor (VirtualBox, VMware) holds the processor: stop its VMs and unload its modules"
      : "see the kernel's log: dmesg | grep -i kvm";
  return lacking(VM, "fail", `KVM_CREATE_VM: ${refused}`, mend);
}

function mendDevice(code: string | undefined, host: Host): string {
  if (code === "EACCES" || code === "EPERM") {
    return "usermod -aG kvm $USER, then log in again; in a container also --device /dev/kvm";
  }
  const flags = host.read("/proc/cpuinfo") ?? "";
  if (/\bvmx\b/.test(flags)) return "modprobe kvm_intel; in a container --device /dev/kvm";
  if (/\bsvm\b/.test(flags)) return "modprobe kvm_amd; in a container --device /dev/kvm";
  return "turn on VT-x or AMD-V in the firmware, or nested virtualisation where this host is itself a VM; without, in volt's repository: bun run nested";
}
