import { expect, test } from "bun:test";
import { probeProcessor } from "../../../../src/host/probes/processor.ts";
import { fakeHost } from "../../../support/fake-host.ts";

test.each(["vmx", "svm"])("%s runs guest kernels in hardware", (flag) => {
  const finding = probeProcessor(fakeHost({ "/proc/cpuinfo": `flags\t\t: fpu ${flag} sse\n` }));
  expect(finding).toMatchObject({ status: "ok", found: `in hardware (${flag.toUpperCase()})` });
});

test.each([
  ["neither flag", "flags\t\t: fpu sse\n"],
  ["only names that resemble them", "flags\t\t: fpu vmx_x svmlock\nvmx flags\t: vnmi\nmodel name\t: svm\n"],
  ["no cpuinfo at all", undefined],
])("%s means emulation, and where to go", (_, cpuinfo) => {
  const finding = probeProcessor(fakeHost({ "/proc/cpuinfo": cpuinfo }));
  expect(finding.status).toBe("warn");
  expect(finding.found).toStartWith("emulated");
  expect(finding.mend).toContain("bun run nested");
});
