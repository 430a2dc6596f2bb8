/** A hostile folder and a hostile environment: what is in docs/environment.md, and nothing else, has an effect. */
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { RunningVolt } from "./process.ts";
import { END, exitStatus, print, tinyKernel } from "./tiny-kernel.ts";
import { Folder, failure, volt } from "./volt.ts";

/** A folder in which everything that Bun would pick up writes the file `bitten`. */
function trap(): Folder {
  const folder = new Folder();
  const bite = `require("node:fs").writeFileSync(${JSON.stringify(folder.file("bitten"))}, "yes");`;
  writeFileSync(folder.file("bite.ts"), bite);
  writeFileSync(folder.file("bite.js"), bite);
  writeFileSync(folder.file("bunfig.toml"), 'preload = ["./bite.ts"]\n[run]\npreload = ["./bite.ts"]\n');
  const env = ["VOLT_PLAN=3", "VOLT_HOME=/bitten", "VOLT_DEBUG=1", "BUN_OPTIONS=--preload=./bite.ts", "BUN_BE_BUN=1"];
  for (const name of [".env", ".env.local", ".env.production", ".env.development"]) {
    writeFileSync(folder.file(name), `${env.join("\n")}\n`);
  }
  writeFileSync(folder.file("package.json"), '{"name": "x", "main": "./bite.js", "scripts": {"run": "touch bitten"}}');
  writeFileSync(folder.file("tsconfig.json"), '{"compilerOptions": {"paths": {"*": ["./bite.ts"]}}}');
  mkdirSync(folder.file("node_modules/citty"), { recursive: true });
  writeFileSync(folder.file("node_modules/citty/index.js"), bite);
  mkdirSync(folder.file("machine/threads"), { recursive: true });
  writeFileSync(folder.file("machine/threads/vcpu.ts"), bite);
  mkdirSync(folder.file("run"));
  return folder;
}

describe("in a folder with a bunfig.toml, .env files, a package.json and a vcpu.ts of somebody else's", () => {
  test("a VM lives as anywhere", async () => {
    using folder = trap();
    const end = await volt(tinyKernel(folder, print("hello") + exitStatus(7) + END.reset).run, { cwd: folder.path });
    expect(end).toEqual({ status: 7, stdout: Buffer.from("hello"), stderr: "" });
    expect(existsSync(folder.file("bitten"))).toBe(false);
  });

  test("errors are as anywhere: neither a stack nor another store", async () => {
    using folder = trap();
    expect(await failure(["run"], { cwd: folder.path })).toBe(
      "--kernel: none given, and the store in /nonexistent/volt has no default: give a vmlinux or bzImage, or get one: volt kernel install debian-cloud",
    );
    expect(existsSync(folder.file("bitten"))).toBe(false);
  });
});

describe("the second stage", () => {
  const own = ["BUN_JSC_thresholdForJITAfterWarmUp", "BUN_JSC_thresholdForJITSoon"];

  test("has the environment of docs/environment.md and nothing more", async () => {
    using folder = new Folder();
    const env = {
      ...{ LD_LIBRARY_PATH: "/nonexistent", SECRET: "x", HOME: "/root", TERM: "xterm", LANG: "C", NODE_OPTIONS: "" },
      ...{ BUN_JSC_useJIT: "1", BUN_DEBUG_QUIET_LOGS: "1", MALLOC_ARENA_MAX: "1", TMPDIR: folder.path },
      ...{ TZ: "UTC", VOLT_DEBUG: "0" },
    };
    await using vm = new RunningVolt(tinyKernel(folder, print("up") + END.halt).run, { env });
    await vm.printed("up");
    const environment = vm.environment();
    expect(environment.map((entry) => entry.split("=")[0])).toEqual([
      ...own,
      "TZ",
      "VOLT_CONFINED",
      "VOLT_DEBUG",
      "VOLT_PLAN",
    ]);
    expect(environment).toContain("TZ=UTC");
  });

  test("without TZ and VOLT_DEBUG has volt's own alone", async () => {
    using folder = new Folder();
    await using vm = new RunningVolt(tinyKernel(folder, print("up") + END.halt).run);
    await vm.printed("up");
    const names = vm.environment().map((entry) => entry.split("=")[0]);
    expect(names).toEqual([...own, "VOLT_CONFINED", "VOLT_PLAN"]);
  });

  test("shows the command line that the user typed", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, print("up") + END.halt);
    await using vm = new RunningVolt(run);
    await vm.printed("up");
    expect(readFileSync(`/proc/${vm.pid}/cmdline`, "utf8").split("\0").slice(1, -1)).toEqual([...run]);
  });
});

describe("what the caller may do to his own process", () => {
  test("BUN_OPTIONS --preload runs in the first stage, and never in the one that runs the guest", async () => {
    using folder = trap();
    const count = `require("node:fs").appendFileSync(${JSON.stringify(folder.file("bitten"))}, "1");`;
    writeFileSync(folder.file("count.js"), count);
    const env = { BUN_OPTIONS: `--preload=${folder.file("count.js")}` };
    const end = await volt(tinyKernel(folder, exitStatus(7) + END.reset).run, { cwd: folder.path, env });
    expect(end).toEqual({ status: 7, stdout: Buffer.alloc(0), stderr: "" });
    expect(readFileSync(folder.file("bitten"), "utf8")).toBe("1");
  });

  test("BUN_BE_BUN=1 makes it Bun: no VM is started", async () => {
    const { status, stdout } = await volt(["--version"], { env: { BUN_BE_BUN: "1" } });
    expect({ status, stdout: stdout.toString() }).toEqual({ status: 0, stdout: `${Bun.version}\n` });
  });
});

describe("VOLT_HOME, XDG_DATA_HOME", () => {
  test("VOLT_HOME is where kernels are looked up by name", async () => {
    using folder = new Folder();
    const { path, run } = tinyKernel(folder, exitStatus(4) + END.reset);
    mkdirSync(folder.file("home/kernels/mine"), { recursive: true });
    writeFileSync(folder.file("home/kernels/mine/vmlinux"), readFileSync(path));
    const env = { VOLT_HOME: folder.file("home") };
    const named = run.map((word) => (word === path ? "mine" : word));
    expect((await volt(named, { env })).status).toBe(4);

    writeFileSync(folder.file("home/kernels/default"), "mine\n");
    const unnamed = run.filter((word) => word !== path && word !== "--kernel");
    expect((await volt(unnamed, { env })).status).toBe(4);
  });

  test("a kernel of the store may be mapped, another may not", async () => {
    using folder = new Folder();
    const { path, run } = tinyKernel(folder, exitStatus(4) + END.reset);
    mkdirSync(folder.file("home/kernels/mine"), { recursive: true });
    writeFileSync(folder.file("home/kernels/mine/vmlinux"), readFileSync(path));
    const env = { VOLT_HOME: folder.file("home") };
    const named = run.map((word) => (word === path ? "mine" : word));
    expect(await volt([...named, "--load", "map"], { env })).toEqual({
      status: 4,
      stdout: Buffer.alloc(0),
      stderr: "",
    });
    expect(await failure([...run, "--load", "map"], { env })).toBe(
      `${path}: only a kernel of the store, without --hugepages, can be mapped; use --load copy`,
    );
  });

  test("XDG_DATA_HOME does not count for root", async () => {
    expect(await failure(["run", "--kernel", "x"], { env: { VOLT_HOME: "", XDG_DATA_HOME: "/nonexistent/xdg" } })).toBe(
      '--kernel: "x" is neither in the store (/var/lib/volt) nor a file',
    );
  });
});
