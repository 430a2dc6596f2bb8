/** The commands that talk to a running VM, and VMs that run detached, from start to kill. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { RunningVolt } from "./process.ts";
import { END, exitStatus, print, tinyKernel } from "./tiny-kernel.ts";
import { Folder, failure, type VoltEnd, volt } from "./volt.ts";

/** Prints "up", then sends back all it gets until a `q`: see console.test.ts. */
const ECHO = `${print("up")}
  mov dx, 0x3fc; mov al, 3; out dx, al
  4: mov dx, 0x3fd; in al, dx; test al, 1; jz 4b
  mov dx, 0x3f8; in al, dx
  cmp al, 'q'; je 5f
  out dx, al; jmp 4b
  5: ${exitStatus(3)} ${END.reset}`;

let folder: Folder;
let env: Record<string, string>;
let home: string;

beforeEach(() => {
  folder = new Folder();
  home = folder.file("volt");
  env = { VOLT_RUNTIME_DIR: home };
});

afterEach(async () => {
  // Whatever a failed test has left running.
  const { stdout } = await volt(["ps", "-q"], { env });
  for (const name of stdout.toString().split("\n").filter(Boolean)) await volt(["kill", name], { env });
  folder[Symbol.dispose]();
});

const said = ({ status, stdout, stderr }: VoltEnd) => ({ status, stdout: stdout.toString(), stderr });
/** More than twenty commands, each of which takes seconds in a nested machine on a busy host. */
const LIMIT_MS = 300_000;
const quiet = { status: 0, stdout: "", stderr: "" };
const run = async (...args: readonly string[]) => said(await volt(args, { env }));
const ps = async () => JSON.parse((await volt(["ps", "--json"], { env })).stdout.toString());

/** Runs until something is so. */
async function until<T>(what: string, find: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const end = Date.now() + 30_000; Date.now() < end; await Bun.sleep(20)) {
    const found = await find();
    if (found) return found;
  }
  throw new Error(`it never came: ${what}`);
}

test(
  "a detached VM lives on: it is listed, looked at, paused, typed to, stopped, and its output is there afterwards",
  async () => {
    const start = tinyKernel(folder, ECHO).run;
    expect(await run(...start, "-d", "--id", "web", "--stop-timeout", "0.1")).toEqual({ ...quiet, stdout: "web\n" });
    const [listed, ...others] = await until("it answers", async () => {
      const all = await ps();
      return all[0].state === "no answer" ? undefined : all;
    });
    expect(others).toEqual([]);
    expect(listed).toMatchObject({ id: "web", state: "running", vcpu_count: 1, mem_size_mib: 32, detached: true });
    expect(readFileSync(`/proc/${listed.pid}/comm`, "utf8")).toBe("volt\n");
    expect((await run("ps")).stdout).toMatch(/^NAME .*\nweb +\d+ +running +1 +32 MiB /);
    expect(JSON.parse((await run("info", "web", "--json")).stdout)).toMatchObject({
      instance: { id: "web" },
      state: { state: "Running", pid: listed.pid },
      config: { "machine-config": { mem_size_mib: 32 } },
    });

    expect(await failure([...start, "-d", "--id", "web"], { env })).toBe(
      `--id: a VM named web runs already (process ${listed.pid}): give another name, or end it: volt stop web`,
    );

    expect(await run("pause", "web")).toEqual(quiet);
    expect((await ps())[0].state).toBe("paused");
    expect(await run("resume", "--id", "web")).toEqual(quiet);
    expect(await failure(["set", "web", "--balloon", "20M", "--disk", "nosuch,ops=5"], { env })).toBe(
      "--disk: web has no disk nosuch: there is none",
    );
    expect(JSON.parse((await run("info", "web", "--json")).stdout).config.balloon.amount_mib).toBe(0);
    expect(await run("set", "web", "--balloon", "8")).toEqual(quiet);
    expect(await failure(["set", "web", "--balloon", "64"], { env })).toBe(
      "web: Balloon update error: Requested memory should be less than 32MiB",
    );

    await using first = new RunningVolt(["console", "web"], { env });
    await using second = new RunningVolt(["console", "--api", listed.api], { env });
    await Promise.all([first.printed("up"), second.printed("up")]);
    first.send("one ");
    await second.printed("one ");
    second.send("two");
    await first.printed("one two");
    first.signal("SIGTERM");
    await first.end();
    expect((await ps())[0].state).toBe("running");

    expect(await run("logs", "web")).toEqual({ ...quiet, stdout: "upone two" });
    // A full log, as of a guest that prints for days: with the next byte it becomes the older one.
    const log = join(home, "web/console.log");
    appendFileSync(log, Buffer.alloc(1024 * 1024, "."));
    second.send("three");
    await second.printed("three");
    await until("the full log was emptied", () => statSync(log).size < 100);
    expect(statSync(`${log}.1`).size).toBeGreaterThan(1024 * 1024);
    expect(await run("stop", "web")).toEqual(quiet);
    expect((await second.end()).stdout.toString()).toBe("upone twothree");
    expect(await ps()).toEqual([]);
    await until("the process has gone", () => !existsSync(`/proc/${listed.pid}`));
    expect(await run("logs", "web")).toEqual({
      status: 0,
      stdout: `upone two${".".repeat(1024 * 1024)}three`,
      stderr:
        "volt: warn: the guest did not shut down within 0.1 s: ended (--stop-timeout)\nvolt: info: ended with status 143\n",
    });
    expect(await failure(["pause", "web"], { env })).toBe("web: this VM has ended");
  },
  LIMIT_MS,
);

test("a VM in the foreground is listed too, and leaves nothing; its events tell how it ended", async () => {
  await using vm = new RunningVolt(tinyKernel(folder, ECHO).run, { env });
  await vm.printed("up");
  const [{ id, api }] = await ps();
  expect(id).toMatch(/^[a-z]+-[a-z]+$/);
  expect(await failure(["logs", id], { env })).toBe(
    `${id}: this VM does not run detached (-d): what it prints is where it was started`,
  );
  expect(await failure(["logs", "--api", api], { env })).toBe(
    `--api: logs reads the files of a VM: give its name, not ${api}`,
  );
  const metrics = await run("metrics", id);
  expect(metrics).toEqual({ ...quiet, stdout: expect.stringMatching(/^volt_serial_written_bytes_total 2$/m) });
  expect((await run("metrics", "--api", api)).stdout).toContain(`volt_info{id="${id}"`);
  expect((await run("info", "--api", api)).stdout).toMatch(new RegExp(`^name +${id}\nstate +running\n`));
  await using listener = new RunningVolt(["events", id], { env });
  await listener.printed('"state":"Running"');
  expect(await run("pause", id)).toEqual(quiet);
  expect(await run("resume", id)).toEqual(quiet);
  expect(await failure(["metrics", "--api", `${api}x`], { env })).toBe(
    `${api}x: no VM listens at ${api}x: volt ps lists those that run`,
  );
  vm.send("q");
  expect((await vm.end()).status).toBe(3);
  const events = (await listener.end()).stdout.toString().trim().split("\n");
  expect(events.map((line) => JSON.parse(line)).map(({ time, ...event }) => event)).toEqual([
    { event: "state", state: "Running" },
    { event: "paused" },
    { event: "resumed" },
    { event: "ended", how: "reset the machine", status: 3 },
  ]);
  expect(await ps()).toEqual([]);
  expect(readdirSync(home)).toEqual([]);
});

test("one that was killed, or is stopped, confuses nobody", async () => {
  const api = folder.file("api");
  const start = [...tinyKernel(folder, END.halt).run, "-d", "--id", "web", "--api", api];
  expect((await run(...start)).stdout).toBe("web\n");
  const [{ pid }] = await ps();
  process.kill(pid, "SIGSTOP");
  expect((await ps())[0].state).toBe("no answer");
  expect(await run("kill", "web")).toEqual(quiet);
  await until("the process is gone", () => !existsSync(`/proc/${pid}`));
  // Its socket is still there; the next start of that name, and at that path, goes as if it were not.
  expect(existsSync(api)).toBe(true);
  expect((await run(...start)).stdout).toBe("web\n");
  expect(await run("kill", "--api", api)).toEqual(quiet);
  await until("the process is gone", async () => (await ps()).length === 0);
  expect(existsSync(api)).toBe(false);
});

test("what else lies in the runtime folder breaks no command, and stays", async () => {
  await using vm = new RunningVolt([...tinyKernel(folder, ECHO).run, "--id", "web"], { env });
  await vm.printed("up");
  writeFileSync(join(home, "file"), "");
  symlinkSync("file", join(home, "link"));
  mkdirSync(join(home, "folder/pid"), { recursive: true });
  mkdirSync(join(home, "empty"));
  expect(await run("ps", "-q")).toEqual({ ...quiet, stdout: "web\n" });
  expect(await failure(["info", "folder"], { env })).toBe("info: there is no VM named folder: there is web");
  expect(await run("pause", "web")).toEqual(quiet);
  expect(readdirSync(home).sort()).toEqual(["empty", "file", "folder", "link", "web"]);
});

describe("a detached start that fails", () => {
  test("says so on the terminal with status 125, and leaves nothing", async () => {
    const { run: start } = tinyKernel(folder, END.halt);
    expect(await failure([...start, "-d", "--disk", "/nonexistent"], { env })).toContain("/nonexistent");
    expect(await failure([...start, "-d", "--boot-protocol", "pvh"], { env })).toContain(
      "this kernel has no PVH entry",
    );
    expect(await failure([...start, "-d", "--id", "-x"], { env })).toStartWith("--id: -x begins with a dash");
    expect(await failure([...start, "-d", "--id", "not/a/name"], { env })).toContain("--id: must be");
    expect(existsSync(home) ? readdirSync(home) : []).toEqual([]);
  });
});
