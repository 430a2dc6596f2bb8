/** The socket of a VM's vsock device on this host: made at the start, gone at the end, never taken from another. */
import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { RunningVolt } from "./process.ts";
import { END, print, tinyKernel } from "./tiny-kernel.ts";
import { Folder, failure, volt } from "./volt.ts";

const vsockAt = (path: string) => ["--vsock", `cid=3,path=${path}`];

describe("the socket's file", () => {
  test("is there while the machine runs, takes programs, and goes with it", async () => {
    using folder = new Folder();
    const path = folder.file("v.sock");
    await using vm = new RunningVolt([...tinyKernel(folder, print("up") + END.spin).run, ...vsockAt(path)]);
    await vm.printed("up");
    const program = await Bun.connect({ unix: path, socket: { data() {} } });
    program.end();
    await Bun.sleep(200);
    expect(existsSync(path)).toBe(true);
    vm.signal("SIGHUP");
    await vm.end();
    expect(existsSync(path)).toBe(false);
  });

  test("goes after the guest's own end, and can be named without a folder", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, END.reset);
    const end = await volt([...run, ...vsockAt("v.sock")], { cwd: folder.path });
    expect(end).toMatchObject({ status: 0, stderr: "" });
    expect(existsSync(folder.file("v.sock"))).toBe(false);
  });

  test.each([
    ["the log can't be opened", ["--log-file", "/nonexistent/log"]],
    ["stage two finds the memory too large", ["--memory", "16000G"]],
  ])("goes when the start fails: %s", async (_, flags) => {
    using folder = new Folder();
    const path = folder.file("v.sock");
    await failure([...tinyKernel(folder, END.reset).run, ...vsockAt(path), ...flags]);
    expect(existsSync(path)).toBe(false);
  });

  test("that is there already stays as it is, and the message says what to do", async () => {
    using folder = new Folder();
    const path = folder.file("v.sock");
    writeFileSync(path, "somebody's");
    const { run } = tinyKernel(folder, END.reset);
    expect(await failure([...run, ...vsockAt(path)])).toBe(
      `--vsock: address in use: ${path} is there already, and nobody listens: rm ${path}`,
    );
    expect(await Bun.file(path).text()).toBe("somebody's");
  });
});

test("a host without vhost-vsock is told how to get it, or to leave it out", async () => {
  using folder = new Folder();
  const { run } = tinyKernel(folder, END.reset);
  const end = await volt([...run, "--vsock", "cid=3,vhost"]);
  if (existsSync("/dev/vhost-vsock")) expect(end.status).toBe(0);
  else {
    expect(end).toMatchObject({ status: 125 });
    expect(end.stderr).toBe(
      "volt: --vsock: /dev/vhost-vsock: this host has none: load its module (modprobe vhost_vsock), or leave vhost out\n",
    );
  }
});
