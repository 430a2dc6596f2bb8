/** volt in a PID namespace of its own. */
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { asUser, withoutCalls } from "../../../support/lacking-host.ts";
import { RunningVolt } from "../process.ts";
import { END, exitStatus, print, tinyKernel } from "../tiny-kernel.ts";
import { Folder, failure, volt } from "../volt.ts";
import { running, threads, USER } from "./support.ts";

const EPERM = 1;

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
