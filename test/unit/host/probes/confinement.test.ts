import { describe, expect, test } from "bun:test";
import { probeLandlock, probeNamespaces, probeSeccomp } from "../../../../src/host/probes/confinement.ts";
import { failing, fakeHost } from "../../../support/fake-host.ts";

describe("Landlock", () => {
  test("tells its ABI", () => {
    expect(probeLandlock(fakeHost({}, { landlockAbi: () => 2 }))).toMatchObject({ status: "ok", found: "ABI 2" });
  });

  test("that is off since boot is turned on beside the modules there are", () => {
    const host = fakeHost(
      { "/sys/kernel/security/lsm": "capability,apparmor\n" },
      { landlockAbi: failing("EOPNOTSUPP") },
    );
    expect(probeLandlock(host)).toMatchObject({ status: "fail", found: "built in, but not turned on at boot" });
    expect(probeLandlock(host).mend).toStartWith("add lsm=landlock,capability,apparmor to GRUB_CMDLINE_LINUX");
  });

  test("that is not in the kernel wants another, or the flag that takes the layer off", () => {
    const finding = probeLandlock(fakeHost({}, { landlockAbi: failing("ENOSYS") }));
    expect(finding).toMatchObject({ status: "fail", found: "not available (ENOSYS)" });
    expect(finding.mend).toContain("CONFIG_SECURITY_LANDLOCK=y");
    expect(finding.mend).toEndWith("or run with --no-landlock");
  });
});

describe("seccomp", () => {
  test("is there", () => {
    expect(probeSeccomp(fakeHost()).status).toBe("ok");
  });

  test("or wants a kernel, or the flag that takes the layer off", () => {
    const finding = probeSeccomp(fakeHost({}, { checkSeccomp: failing("EINVAL") }));
    expect(finding).toMatchObject({ status: "fail", found: "not available (EINVAL)" });
    expect(finding.mend).toEndWith("or run with --no-seccomp");
  });
});

describe("user namespaces", () => {
  const CLONE = "/proc/sys/kernel/unprivileged_userns_clone";
  const APPARMOR = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
  const MOST = "/proc/sys/user/max_user_namespaces";

  test("are there", () => {
    expect(probeNamespaces(fakeHost())).toMatchObject({ status: "ok", found: "up to 1000" });
    expect(probeNamespaces(fakeHost({ [CLONE]: "1\n", [APPARMOR]: "0\n" })).status).toBe("ok");
  });

  test.each([
    [MOST, undefined, "boot a kernel with CONFIG_USER_NS=y, as Debian's are"],
    [MOST, "0\n", "sysctl user.max_user_namespaces=10000"],
    [CLONE, "0\n", "sysctl kernel.unprivileged_userns_clone=1"],
    [APPARMOR, "1\n", "sysctl kernel.apparmor_restrict_unprivileged_userns=0"],
  ])("are lost with %s at %p, and it says how to get them", (path, content, mend) => {
    expect(probeNamespaces(fakeHost({ [path]: content }))).toMatchObject({ status: "warn", mend });
  });

  test("are root's in spite of what keeps them from others", () => {
    expect(probeNamespaces(fakeHost({ [CLONE]: "0\n", [APPARMOR]: "1\n" }, { uid: 0 })).status).toBe("ok");
  });
});
