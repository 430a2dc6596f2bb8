/** Less than all layers: by a flag, or by what the host lacks. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { withoutCalls } from "../../../support/lacking-host.ts";
import { END, exitStatus, print, tinyKernel } from "../tiny-kernel.ts";
import { Folder, failure, volt } from "../volt.ts";
import { running, threads } from "./support.ts";

const ENOSYS = 38;
const EINVAL = 22;
const EPERM = 1;

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
