/** The sandbox of a running volt, looked at from outside, and starts that can't have one. */
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { cgroupMount } from "../../../src/security/cgroup.ts";
import { asUser, withoutCalls } from "../../support/lacking-host.ts";
import { RunningVolt } from "./process.ts";
import { END, exitStatus, print, tinyKernel } from "./tiny-kernel.ts";
import { Folder, failure, volt } from "./volt.ts";

const ENOSYS = 38;
const EINVAL = 22;
const EPERM = 1;
const USER = 4321;

/** What the kernel says about each thread. */
function threads(pid: number): Record<string, string>[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((tid): Record<string, string>[] => {
    const file = `/proc/${pid}/task/${tid}/status`;
    const status = existsSync(file) ? readFileSync(file, "utf8") : "";
    if (status === "") return []; // it ended meanwhile
    const lines = status.trim().split("\n");
    return [Object.fromEntries(lines.map((line) => line.split(/:\s*/, 2) as [string, string]))];
  });
}

const descriptors = (pid: number) =>
  readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/:\[?\d+\]?$/, ""));

const running = (folder: Folder, flags: string[] = [], by: string[] = []) =>
  new RunningVolt([...tinyKernel(folder, print("up") + END.halt).run, ...flags], { by });

describe("a running volt", () => {
  test("has every thread filtered, without privileges, and with no way to any", async () => {
    using folder = new Folder();
    await using vm = running(folder, ["--cpus", "3"]);
    const vcpus = ["vcpu 0", "vcpu 1", "vcpu 2"];
    await vm.until("every vCPU runs", () =>
      vcpus.every((name) =>
        threads(vm.pid).some((thread) => thread["Name"] === name && thread["Seccomp_filters"] === "2"),
      ),
    );
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
    // A filter for all, and one more for those that serve the guest.
    const filters = Object.fromEntries(all.map((thread) => [thread["Name"], thread["Seccomp_filters"]]));
    expect(filters).toMatchObject({ volt: "2", "vcpu 0": "2", "vcpu 1": "2", "vcpu 2": "2" });
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

  test("as an ordinary user is confined as root's is", async () => {
    using folder = new Folder();
    chmodSync(folder.path, 0o755);
    await using vm = running(folder, ["--require-namespaces"], asUser(USER));
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

describe("--pid-namespace", () => {
  const status = (pid: string | number) => readFileSync(`/proc/${pid}/status`, "utf8");

  test.each([
    ["root", []],
    ["an ordinary user", asUser(USER)],
  ])("has volt, started by %s, as the only process that it can see, and a parent that holds nothing", async (_, by) => {
    using folder = new Folder();
    chmodSync(folder.path, 0o755);
    const { run } = tinyKernel(folder, print("up") + END.halt);
    await using vm = new RunningVolt([...run, "--pid-namespace"], { by });
    await vm.printed("up");
    const [child = ""] = vm.children();
    expect(/^NSpid:\t\d+\t1$/m.test(status(child))).toBe(true);
    expect(readdirSync(`/proc/${child}/root/proc`).filter((name) => /^\d/.test(name))).toEqual(["1"]);
    expect(readdirSync(`/proc/${vm.pid}/fd`)).toEqual([]);
    expect(readdirSync(`/proc/${vm.pid}/task`)).toHaveLength(1);
    expect(threads(Number(child)).map(({ Seccomp }) => Seccomp)).not.toContain("0");
  });

  test("ends with the guest's status", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, exitStatus(3) + END.poweroff);
    expect(await volt([...run, "--pid-namespace"])).toMatchObject({ status: 3, stderr: "" });
  });

  test("takes signals by the parent", async () => {
    using folder = new Folder();
    await using vm = running(folder, ["--pid-namespace", "--stop-timeout", "0.2"]);
    await vm.printed("up");
    vm.signal("SIGTERM");
    expect((await vm.end()).status).toBe(143);
  });

  test("ends with its parent, however that ends", async () => {
    using folder = new Folder();
    await using vm = running(folder, ["--pid-namespace"]);
    await vm.printed("up");
    const [child = ""] = vm.children();
    vm.signal("SIGKILL");
    expect((await vm.end()).status).toBe(137);
    // The kernel ends it as soon as its parent is dead; whoever adopts it may take a moment to collect it.
    while (existsSync(`/proc/${child}/root/proc`)) await Bun.sleep(5);
  });

  test("that can't be had is no start", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, END.poweroff);
    expect(await failure([...run, "--pid-namespace"], { by: withoutCalls({ unshare: EPERM }) })).toBe(
      "--pid-namespace: this host gives volt none (EPERM): see `volt doctor`",
    );
  });
});

describe("--cgroup", () => {
  const mount = cgroupMount();

  test.skipIf(mount === undefined)("has volt in that cgroup before its guest starts", async () => {
    using folder = new Folder();
    const name = `volt-test-${process.pid}`;
    try {
      await using vm = running(folder, ["--cgroup", name]);
      await vm.printed("up");
      expect(readFileSync(`${mount}/${name}/cgroup.procs`, "utf8").split("\n")).toContain(String(vm.pid));
    } finally {
      rmdirSync(`${mount}/${name}`);
    }
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

describe("a layer less", () => {
  test.each([
    ["--no-seccomp", "volt: warn: --no-seccomp: a guest that takes over volt can make any system call\n"],
    ["--no-landlock", "volt: warn: --no-landlock: a guest that takes over volt can open files\n"],
    ["--no-namespaces", "volt: warn: --no-namespaces: a guest that takes over volt sees the host's root and network\n"],
  ])("by %s is warned of, and the guest runs", async (flag, warning) => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, exitStatus(3) + END.poweroff);
    const { status, stderr } = await volt([...run, flag]);
    expect({ status, stderr }).toEqual({ status: 3, stderr: warning });
  });

  test("leaves the others: --no-seccomp has Landlock's and the privileges' marks", async () => {
    using folder = new Folder();
    await using vm = running(folder, ["--no-seccomp"]);
    await vm.printed("up");
    for (const thread of threads(vm.pid)) {
      expect(thread).toMatchObject({ Seccomp: "0", NoNewPrivs: "1", CapEff: "0000000000000000" });
    }
  });

  test("--sandbox audit says what it would have stopped: nothing, of what volt does", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, print("x") + exitStatus(3) + END.poweroff);
    const { status, stderr } = await volt([...run, "--cpus", "2", "--sandbox", "audit"]);
    expect(status).toBe(3);
    expect(stderr).toEndWith("volt: warn: audit: nothing was forbidden\n");
  });
});

describe("a host that lacks", () => {
  test("Landlock starts nothing, and names the flag", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, END.poweroff);
    const by = withoutCalls({ landlock_create_ruleset: ENOSYS });
    expect(await failure(run, { by })).toBe(
      "--no-landlock: this host can't confine volt by Landlock, its kernel has none (CONFIG_SECURITY_LANDLOCK): give the flag to run without",
    );
  });

  test("Landlock runs a guest with the flag", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, exitStatus(3) + END.poweroff);
    const by = withoutCalls({ landlock_create_ruleset: ENOSYS });
    expect((await volt([...run, "--no-landlock"], { by })).status).toBe(3);
  });

  test("seccomp starts nothing, and names the flag", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, END.poweroff);
    expect(await failure(run, { by: withoutCalls({ seccomp: EINVAL }) })).toBe(
      "--no-seccomp: this host can't filter system calls (EINVAL; its kernel needs CONFIG_SECCOMP_FILTER): give the flag to run without",
    );
  });

  test("namespaces runs a guest, unless they are required", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, exitStatus(3) + END.poweroff);
    const by = withoutCalls({ unshare: EPERM });
    expect(await volt([...run, "--log-level", "info"], { by })).toMatchObject({
      status: 3,
      stderr: expect.stringContaining("no namespaces here (EPERM): the other layers hold alone"),
    });
    expect(await failure([...run, "--require-namespaces"], { by })).toBe(
      "--require-namespaces: this host gives volt none (EPERM): see `volt doctor`",
    );
  });

  test("a way to a root folder runs a guest, unless it is required", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, exitStatus(3) + END.poweroff);
    const by = withoutCalls({ mount: EPERM });
    expect(await volt([...run, "--log-level", "info"], { by })).toMatchObject({
      status: 3,
      stderr: expect.stringContaining("no root folder of its own here (EPERM)"),
    });
    expect(await failure([...run, "--require-namespaces"], { by })).toStartWith("--require-namespaces: ");
  });

  test("a new /proc, or pivot_root, has volt take what there is", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, exitStatus(3) + END.poweroff);
    const by = withoutCalls({ pivot_root: EINVAL });
    expect((await volt([...run, "--require-namespaces"], { by })).status).toBe(3);
  });

  // The setting belongs to a PID namespace, and can only be raised: it is raised in one of its own.
  const raised = (value: number) => [
    ...["unshare", "--pid", "--fork", "--mount-proc", "sh", "-ec"],
    ...[`echo ${value} >/proc/sys/vm/memfd_noexec; exec "$@"`, "sh"],
  ];
  const hasSetting = existsSync("/proc/sys/vm/memfd_noexec");

  test.skipIf(!hasSetting)("files in memory that are executable by themselves makes no difference", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, exitStatus(3) + END.poweroff);
    expect((await volt(run, { by: raised(1) })).status).toBe(3);
  });

  test.skipIf(!hasSetting)("executable files in memory altogether starts nothing, and says what to set", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, END.poweroff);
    expect(await failure(run, { by: raised(2) })).toStartWith(
      "sandbox: volt confines itself by a program in memory, which this host does not execute: sysctl vm.memfd_noexec=1 (",
    );
  });

  test("a layer that can't be put in force stops the start", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, END.poweroff);
    expect(await failure(run, { by: withoutCalls({ landlock_restrict_self: EPERM }) })).toBe(
      "sandbox: Landlock: it can't be put in force (EPERM)",
    );
    expect(await failure(run, { by: withoutCalls({ capset: EPERM }) })).toBe(
      "sandbox: privileges: capabilities can't be dropped (EPERM)",
    );
  });
});

describe("flags of the sandbox", () => {
  test("--uid by who can't become another", async () => {
    using folder = new Folder();
    chmodSync(folder.path, 0o755);
    const { run } = tinyKernel(folder, END.poweroff);
    expect(await failure([...run, "--uid", "5"], { by: asUser(USER) })).toStartWith(
      "--uid: this user can't become user 5 (",
    );
  });

  test.each([
    [["--uid", "nobody"], '--uid: "nobody" is no number: names are not looked up'],
    [["--uid", "4294967295"], "--uid: must be a whole number from 0 to 4294967294, found 4294967295"],
    [["--allow-path", "relative"], '--allow-path: must begin with /, found "relative"'],
    [["--cgroup", "../up"], '--cgroup: must be a path below the cgroup mount, such as vms/web, found "../up"'],
    [
      ["--cgroup", "a,swap=1"],
      '--cgroup: "swap" is no option of it: there are memory, cpu, pids, rbps, wbps, riops, wiops',
    ],
    [["--cgroup", "a,rbps=x"], '--cgroup: "x" is no size in whole MiB: write 128M, 1G, or a number of MiB'],
    [["--cgroup", "a,riops=0"], "volt.sandbox.cgroup.io.riops: must be a whole number from 1 to 2147483648, found 0"],
    [
      ["--no-namespaces", "--require-namespaces"],
      "--no-namespaces: not together with --require-namespaces: give one of them",
    ],
    [["--no-namespaces", "--pid-namespace"], "--no-namespaces: not together with --pid-namespace: give one of them"],
    [["--sandbox", "loose"], '--sandbox: "loose" is not one of enforce, audit'],
  ])("%j", async (flags, message) => {
    expect(await failure(["run", "--print-config", ...flags])).toBe(message);
  });

  test("--allow-path of what is not there", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, END.poweroff);
    expect(await failure([...run, "--allow-path", "/no/such/file"])).toContain("/no/such/file");
  });

  test("--allow-path keeps a folder in the root, and it can be written to", async () => {
    using folder = new Folder();
    await using vm = running(folder, ["--allow-path", folder.path]);
    await vm.printed("up");
    writeFileSync(folder.file("new"), "x");
    expect(readdirSync(`/proc/${vm.pid}/root${folder.path}`)).toContain("new");
    expect(readFileSync(`/proc/${vm.pid}/mountinfo`, "utf8")).toContain(`${folder.path} rw,nosuid,nodev,noexec`);
  });
});

describe("volt sandbox show", () => {
  const show = async (...flags: string[]) => (await volt(["sandbox", "show", ...flags])).stdout.toString();

  test("has every layer, and every thread's filter", async () => {
    const text = await show();
    const headings = text.match(/^\S.*$/gm) as string[];
    expect(headings).toEqual([
      ...["limits", "namespaces", "privileges", "Landlock", "seccomp: every thread", "seccomp: main", "seccomp: vcpu"],
    ]);
    expect(text).toContain("allowed: ioctl where request is KVM_RUN");
  });

  test("shows what the flags make of it", async () => {
    expect(await show("--disk", "d")).toContain("io_uring_enter (requests of disks go to their rings)");
    expect(await show()).not.toContain("requests of disks");
    expect(await show("--no-seccomp", "--no-landlock", "--no-namespaces")).toMatch(/off \(--no-seccomp\)/);
    expect(await show("--cgroup", "vms/a,memory=1G,cpu=150,pids=64")).toContain("cpu.max 150000 100000");
  });

  test("is JSON with --json", async () => {
    const { layers } = JSON.parse(await show("--json"));
    expect(layers.map(({ layer }: { layer: string }) => layer)).toContain("Landlock");
  });
});
