/** The sandbox of a running volt, looked at from outside. */
import { describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { asMemberOf, asUser } from "../../../support/lacking-host.ts";
import { END, exitStatus, print, tinyKernel } from "../tiny-kernel.ts";
import { Folder, volt } from "../volt.ts";
import { descriptors, running, threads, USER } from "./support.ts";

/** Nobody's, as far as the tests know. */
const GROUP = 4322;

describe("a running volt", () => {
  test("has every thread filtered, without privileges, and with no way to any", async () => {
    using folder = new Folder();
    await using vm = running(folder, ["--cpus", "3"]);
    // Those that serve the guest have a second filter, which each puts up itself, in no order. The main thread goes by
    // its number: a thread that was just made is called as its creator is.
    const isServing = (thread: Record<string, string>) =>
      thread["Pid"] === `${vm.pid}` || /^vcpu \d$/.test(thread["Name"]!);
    await vm.until("all that serve the guest have both filters", () => {
      const serving = threads(vm.pid).filter(isServing);
      return serving.length === 1 + 3 && serving.every((thread) => thread["Seccomp_filters"] === "2");
    });
    const all = threads(vm.pid);
    const none = "0000000000000000";
    const confined = {
      CapInh: none,
      CapPrm: none,
      CapEff: none,
      CapBnd: none,
      CapAmb: none,
      NoNewPrivs: "1",
      Seccomp: "2",
    };
    for (const thread of all) expect(thread).toMatchObject(confined);
  });

  test("has a root folder with its libraries in it, read-only, and no file of the host's", async () => {
    using folder = new Folder();
    await using vm = running(folder);
    await vm.printed("up");
    expect(readdirSync(`/proc/${vm.pid}/root`).sort()).toEqual(["lib", "lib64", "proc", "usr"]);
    expect(readdirSync(`/proc/${vm.pid}/root/lib64`).sort()).toEqual([
      ...["ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "x86_64-linux-gnu"],
    ]);
    const mounts = readFileSync(`/proc/${vm.pid}/mountinfo`, "utf8").trim().split("\n");
    expect(mounts.filter((line) => !/^\S+ \S+ \S+ \S+ \S+ ro,nosuid,nodev/.test(line))).toEqual([]);
  });

  test("is in namespaces of its own, with a network that has no other interface than lo", async () => {
    using folder = new Folder();
    await using vm = running(folder);
    await vm.printed("up");
    for (const kind of ["mnt", "net", "ipc", "uts", "cgroup"]) {
      expect([kind, readlinkSync(`/proc/${vm.pid}/ns/${kind}`)]).not.toEqual([
        kind,
        readlinkSync(`/proc/self/ns/${kind}`),
      ]);
    }
    expect(
      readFileSync(`/proc/${vm.pid}/net/dev`, "utf8")
        .match(/^ *\S+:/gm)
        ?.map((name) => name.trim()),
    ).toEqual(["lo:"]);
  });

  test("has open what it works with, and nothing of what it was started from", async () => {
    using folder = new Folder();
    writeFileSync(folder.file("secret"), "x");
    const by = ["bash", "-c", 'exec 7<"$1"; shift; exec "$@"', "bash", folder.file("secret")];
    await using vm = running(folder, ["--no-rng"], by);
    await vm.printed("up");
    // The lock that says that it lives; its folder's name is made up.
    expect(
      new Set(descriptors(vm.pid).map((path) => path.replace(/^.*\/volt\/[a-z]+-[a-z]+\/pid$/, "its lock"))),
    ).toEqual(
      new Set([
        ...["socket", `/proc/${vm.pid}`, "anon_inode:[eventfd]", "anon_inode:[eventpoll]", "anon_inode:[signalfd]"],
        ...["anon_inode:kvm-vm", "anon_inode:kvm-vcpu", "its lock"],
      ]),
    );
  });

  test("leaves no core, and keeps other processes of its user out of its memory", async () => {
    using folder = new Folder();
    chmodSync(folder.path, 0o755);
    await using vm = running(folder, [], asUser(USER));
    await vm.printed("up");
    expect(readFileSync(`/proc/${vm.pid}/limits`, "utf8")).toMatch(/^Max core file size +0 +0 /m);
    // Not dumpable: what /proc has of it is root's.
    expect(statSync(`/proc/${vm.pid}/fd`).uid).toBe(0);
    expect(threads(vm.pid)[0]!["Uid"]).toStartWith(`${USER}\t`);
    const peek = Bun.spawnSync([...asUser(USER), "head", "-c1", `/proc/${vm.pid}/environ`]);
    expect(peek.exitCode).not.toBe(0);
  });

  test("keeps the guest's memory out of any core dump", async () => {
    using folder = new Folder();
    await using vm = running(folder);
    await vm.printed("up");
    const guests = readFileSync(`/proc/${vm.pid}/smaps`, "utf8")
      .split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
      .filter((mapping) => / 00:00 0\b/.test(mapping) && Number(/^Size: +(\d+)/m.exec(mapping)?.[1]) >= 16 * 1024)
      .filter((mapping) => /^VmFlags:.* dd\b/m.test(mapping));
    const kib = guests.reduce((sum, mapping) => sum + Number(/^Size: +(\d+)/m.exec(mapping)?.[1]), 0);
    expect(kib).toBeGreaterThanOrEqual(32 * 1024);
  });

  test("has no file mapping that is writable and executable", async () => {
    using folder = new Folder();
    await using vm = running(folder);
    await vm.printed("up");
    const maps = readFileSync(`/proc/${vm.pid}/maps`, "utf8").trim().split("\n");
    // Where JavaScriptCore's compilers write: the one region, and private.
    expect(maps.filter((line) => / rwx/.test(line)).map((line) => line.trim().split(/\s+/).slice(1))).toEqual([
      ["rwxp", "00000000", "00:00", "0"],
    ]);
  });

  test.each([
    ["an ordinary user", asUser(USER)],
    ["one whom a group lets use /dev/kvm", asMemberOf(GROUP, USER)],
  ])("as %s is confined as root's is", async (_, by) => {
    using folder = new Folder();
    chmodSync(folder.path, 0o755);
    await using vm = running(folder, ["--require-namespaces"], by);
    await vm.printed("up");
    for (const thread of threads(vm.pid)) {
      expect(thread).toMatchObject({
        CapEff: "0000000000000000",
        CapPrm: "0000000000000000",
        NoNewPrivs: "1",
        Seccomp: "2",
      });
    }
    expect(readdirSync(`/proc/${vm.pid}/root`).sort()).toEqual(["lib", "lib64", "proc", "usr"]);
    expect(readlinkSync(`/proc/${vm.pid}/ns/user`)).not.toBe(readlinkSync("/proc/self/ns/user"));
  });

  test("becomes the user and group it was told to, and leaves all others", async () => {
    using folder = new Folder();
    await using vm = running(folder, ["--uid", "1234", "--gid", "56"]);
    await vm.printed("up");
    for (const thread of threads(vm.pid)) {
      expect(thread).toMatchObject({ Uid: "1234\t1234\t1234\t1234", Gid: "56\t56\t56\t56", Groups: "" });
    }
  });

  test.each([
    ["in an unprivileged user namespace", ["unshare", "--user", "--map-root-user"]],
    ["as PID 1 of a container", ["unshare", "--pid", "--fork", "--mount-proc"]],
    [
      "as PID 1 of a container without root",
      ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"],
    ],
  ])("%s ends as its guest does", async (_, by) => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, print("hello") + exitStatus(9) + END.poweroff);
    expect(await volt([...run, "--require-namespaces"], { by })).toEqual({
      status: 9,
      stdout: Buffer.from("hello"),
      stderr: "",
    });
  });
});

describe("a crash of volt itself", () => {
  test.each([
    ["SIGSEGV", 139],
    ["SIGABRT", 134],
    ["SIGBUS", 135],
  ] as const)("by %s is reported as ever, and ends it by that signal", async (signal, status) => {
    using folder = new Folder();
    await using vm = running(folder);
    await vm.printed("up");
    vm.signal(signal);
    const end = await vm.end();
    expect(end.stderr).toContain("panic");
    expect(end.stderr).not.toContain("sandbox:");
    expect(end.status).toBe(status);
  });
});
