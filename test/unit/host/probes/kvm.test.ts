import { describe, expect, test } from "bun:test";
import { canRun } from "../../../../src/host/finding.ts";
import { probeKvm } from "../../../../src/host/probes/kvm.ts";
import { failing, fakeHost, fakeKvm } from "../../../support/fake-host.ts";

const CPU = { vmx: "flags : fpu vmx\n", svm: "flags : fpu svm\n", neither: "flags : fpu\n" };

describe("/dev/kvm", () => {
  test("that opens, is current and makes a VM is all good, capabilities included", () => {
    const findings = probeKvm(fakeHost());
    expect(findings.every(({ status, mend }) => status === "ok" && mend === "")).toBe(true);
    expect(findings.slice(0, 3).map(({ name }) => name)).toEqual(["KVM", "KVM API", "KVM VM"]);
    expect(findings.length).toBeGreaterThan(20);
  });

  test.each([
    ["vmx", "modprobe kvm_intel; in a container --device /dev/kvm"],
    ["svm", "modprobe kvm_amd; in a container --device /dev/kvm"],
  ] as const)("that is missing on a processor with %s wants its module", (flag, mend) => {
    const [finding, ...others] = probeKvm(fakeHost({ "/proc/cpuinfo": CPU[flag] }, { openKvm: failing("ENOENT") }));
    expect(finding).toMatchObject({ name: "KVM", status: "fail", found: "/dev/kvm: ENOENT", mend });
    expect(others).toEqual([]);
  });

  test("that is missing without VMX and SVM wants the firmware or nesting", () => {
    const host = fakeHost({ "/proc/cpuinfo": CPU.neither }, { openKvm: failing("ENOENT") });
    expect(probeKvm(host)[0]?.mend).toContain("nested virtualisation");
  });

  test("that is not permitted wants its group", () => {
    const [finding] = probeKvm(fakeHost({}, { openKvm: failing("EACCES") }));
    expect(finding).toMatchObject({ status: "fail", found: "/dev/kvm: EACCES" });
    expect(finding?.mend).toStartWith("usermod -aG kvm $USER");
  });

  test("of another API is not used further", () => {
    const findings = probeKvm(fakeHost({}, { openKvm: () => fakeKvm({ apiVersion: () => 10 }) }));
    expect(findings.map(({ name, status, found }) => [name, status, found])).toEqual([
      ["KVM", "ok", "/dev/kvm opens"],
      ["KVM API", "fail", "version 10"],
    ]);
  });

  test.each([
    ["EBUSY", "another hypervisor"],
    ["ENOMEM", "dmesg"],
  ] as const)("that makes no VM (%s) says why", (code, mend) => {
    const vm = probeKvm(fakeHost({}, { openKvm: () => fakeKvm({ createVm: failing(code) }) }))[2];
    expect(vm).toMatchObject({ name: "KVM VM", status: "fail", found: `KVM_CREATE_VM: ${code}` });
    expect(vm?.mend).toContain(mend);
  });

  test("is closed whatever is found", () => {
    let closed = 0;
    const counting = { [Symbol.dispose]: () => void closed++ };
    probeKvm(fakeHost({}, { openKvm: () => fakeKvm(counting) }));
    probeKvm(fakeHost({}, { openKvm: () => fakeKvm({ ...counting, apiVersion: () => 1 }) }));
    probeKvm(fakeHost({}, { openKvm: () => fakeKvm({ ...counting, createVm: failing("EBUSY") }) }));
    expect(closed).toBe(3);
  });
});

describe("a capability", () => {
  const without = (missing: string) =>
    probeKvm(fakeHost({}, { openKvm: () => fakeKvm({ capability: (name) => (name === missing ? 0 : 5) }) }));

  test("that volt can't do without is a failure", () => {
    const findings = without("KVM_CAP_IRQFD");
    expect(findings.find(({ name }) => name === "KVM_CAP_IRQFD")).toEqual({
      name: "KVM_CAP_IRQFD",
      status: "fail",
      found: "no",
      purpose: "interrupts of devices that the host's kernel serves (vhost)",
      mend: "boot a newer Linux kernel (apt-get install linux-image-amd64)",
    });
    expect(canRun(findings)).toBe(false);
  });

  test("that is only welcome is not", () => {
    const findings = without("KVM_CAP_COALESCED_PIO");
    expect(findings.find(({ name }) => name === "KVM_CAP_COALESCED_PIO")?.status).toBe("info");
    expect(canRun(findings)).toBe(true);
  });

  test("that is a count shows it, and any other a yes", () => {
    const found = new Map(without("none").map((finding) => [finding.name, finding.found]));
    expect(found.get("KVM_CAP_MAX_VCPUS")).toBe("5");
    expect(found.get("KVM_CAP_IRQFD")).toBe("yes");
  });
});
