/** The flags of the sandbox, and the command that shows what they make of it. */
import { describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { asUser } from "../../../support/lacking-host.ts";
import { END, tinyKernel } from "../tiny-kernel.ts";
import { Folder, failure, volt } from "../volt.ts";
import { running, USER } from "./support.ts";

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
