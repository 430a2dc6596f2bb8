/** A volt with every device, an API, a log and metrics, looked at from outside: more of them make no hole in its sandbox. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { canMakeTaps, HostTap } from "../../../support/host-tap.ts";
import { Folder } from "../volt.ts";
import { descriptors, running, threads } from "./support.ts";

const hasAll = canMakeTaps && existsSync("/dev/vhost-net");
const DISK_BYTES = 2 ** 20;
const NONE = "0000000000000000";

test.skipIf(!hasAll)(
  "a volt with every device is confined as one with none is, and has open what these need",
  async () => {
    using folder = new Folder();
    using tap = new HostTap();
    using kernels = new HostTap();
    for (const disk of ["disk", "read-only"]) {
      writeFileSync(folder.file(disk), "");
      truncateSync(folder.file(disk), DISK_BYTES);
    }
    await using vm = running(folder, [
      ...["--cpus", "2", "--balloon", "0", "--vsock", `cid=3,path=${folder.file("vsock")}`],
      ...["--disk", folder.file("disk"), "--disk", `${folder.file("read-only")},ro`],
      ...["--net", `tap=${tap.name}`, "--net", `tap=${kernels.name},vhost`],
      ...["--api", folder.file("api"), "--metrics-path", folder.file("metrics"), "--log-file", folder.file("log")],
    ]);
    await vm.printed("up");
    await vm.until("every vCPU has its filter", () =>
      ["vcpu 0", "vcpu 1"].every((name) =>
        threads(vm.pid).some((thread) => thread["Name"] === name && thread["Seccomp_filters"] === "2"),
      ),
    );

    for (const thread of threads(vm.pid)) {
      const capabilities = { CapInh: NONE, CapPrm: NONE, CapEff: NONE, CapBnd: NONE, CapAmb: NONE };
      expect(thread).toMatchObject({ ...capabilities, NoNewPrivs: "1", Seccomp: "2" });
    }
    const maps = readFileSync(`/proc/${vm.pid}/maps`, "utf8").trim().split("\n");
    // What JavaScriptCore's compilers write into is no file's; nothing else is writable and executable.
    expect(maps.filter((line) => / rwx/.test(line)).map((line) => line.trim().split(/\s+/).slice(1))).toEqual([
      ["rwxp", "00000000", "00:00", "0"],
    ]);
    const open = descriptors(vm.pid).map((path) =>
      path
        .replace(/^.*\/volt\/[a-z]+-[a-z]+\/pid$/, "its lock")
        .replace(/^\/folders\/\d+$/, "a socket's folder")
        .replace(/^anon_inode:\[?(.*?)\]?$/, "a $1"),
    );
    const own = ["eventfd", "eventpoll", "signalfd", "timerfd", "inotify", "io_uring", "kvm-vm", "kvm-vcpu"];
    expect([...new Set(open)].sort()).toEqual(
      [
        ...["socket", `/proc/${vm.pid}`, "its lock", "a socket's folder", ...own.map((kind) => `a ${kind}`)],
        ...["/dev/net/tun", "/dev/vhost-net"],
        ...["disk", "read-only", "metrics", "log"].map((file) => folder.file(file)),
      ].sort(),
    );
  },
);
