import { describe, expect, test } from "bun:test";
import { Errno, SystemError } from "../../../../ffi/error.ts";
import { probeDevices, probeIoUring } from "../../../../src/host/probes/devices.ts";
import { failing, fakeHost } from "../../../support/fake-host.ts";

describe("io_uring", () => {
  const SETTING = "/proc/sys/kernel/io_uring_disabled";

  test("is there", () => {
    expect(probeIoUring(fakeHost()).status).toBe("ok");
  });

  test.each([
    ["EPERM", "2\n", "kernel.io_uring_disabled is 2", "sysctl kernel.io_uring_disabled=0"],
    ["ENOSYS", undefined, "not in this kernel", "CONFIG_IO_URING=y"],
    ["EPERM", "0\n", "refused (EPERM)", "seccomp profile"],
  ] as const)("that fails with %s, the setting at %p, says why", (code, setting, found, mend) => {
    const finding = probeIoUring(fakeHost({ [SETTING]: setting }, { checkIoUring: failing(code) }));
    expect(finding).toMatchObject({ status: "warn", found });
    expect(finding.mend).toContain(mend);
  });

  test("that works is good, whatever the setting says: it may bind others only", () => {
    expect(probeIoUring(fakeHost({ [SETTING]: "1\n" })).status).toBe("ok");
  });
});

describe("devices", () => {
  test("that open are good", () => {
    expect(probeDevices(fakeHost()).map(({ name, status }) => [name, status])).toEqual([
      ["TUN", "ok"],
      ["vhost-net", "ok"],
      ["vhost-vsock", "ok"],
    ]);
  });

  test("that are missing want their modules", () => {
    const tryDevice = (path: string): never => {
      throw new SystemError("open", path === "/dev/net/tun" ? Errno.ENODEV : Errno.ENOENT, path);
    };
    expect(probeDevices(fakeHost({}, { tryDevice })).map(({ status, found, mend }) => [status, found, mend])).toEqual([
      ["info", "/dev/net/tun: ENODEV", "modprobe tun; in a container --device /dev/net/tun"],
      ["info", "/dev/vhost-net: ENOENT", "modprobe vhost_net; in a container --device /dev/vhost-net"],
      ["info", "/dev/vhost-vsock: ENOENT", "modprobe vhost_vsock; in a container --device /dev/vhost-vsock"],
    ]);
  });

  test("that are not permitted want a group, or a TAP of the user's own", () => {
    const mends = probeDevices(fakeHost({}, { tryDevice: failing("EACCES") })).map(({ mend }) => mend);
    expect(mends[0]).toContain("ip tuntap add dev NAME mode tap user $USER");
    expect(mends.slice(1)).toEqual(Array(2).fill("usermod -aG kvm $USER, then log in again"));
  });
});
