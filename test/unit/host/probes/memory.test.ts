import { describe, expect, test } from "bun:test";
import { probeHugePages, probeMemory } from "../../../../src/host/probes/memory.ts";
import { fakeHost } from "../../../support/fake-host.ts";

describe("memory", () => {
  test("is told in MiB", () => {
    expect(probeMemory(fakeHost())).toMatchObject({ status: "ok", found: "1000 MiB available" });
  });

  test("too little for the default guest is a warning", () => {
    const finding = probeMemory(fakeHost({ "/proc/meminfo": "MemAvailable:    131071 kB\n" }));
    expect(finding).toMatchObject({ status: "warn", found: "127 MiB available" });
    expect(finding.mend).toContain("--memory");
  });

  test("that nobody tells is a warning, not a crash", () => {
    expect(probeMemory(fakeHost({ "/proc/meminfo": undefined })).status).toBe("warn");
  });
});

describe("huge pages", () => {
  const POOL = "/sys/kernel/mm/hugepages/hugepages-2048kB";

  test("enough for the default guest are good", () => {
    expect(probeHugePages(fakeHost())).toMatchObject({ status: "ok", found: "64 free of 100, 2 MiB each" });
  });

  test("too few want as many more as are missing", () => {
    expect(probeHugePages(fakeHost({ [`${POOL}/free_hugepages`]: "10\n" }))).toMatchObject({
      status: "info",
      found: "10 free of 100, 2 MiB each",
      mend: "sysctl vm.nr_hugepages=154 (a guest of 128 MiB)",
    });
  });

  test("not in the kernel is said", () => {
    expect(probeHugePages(fakeHost({ [`${POOL}/nr_hugepages`]: undefined })).found).toBe("not in this kernel");
  });
});
