import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTime } from "../../../ffi/process.ts";
import { ConfigError } from "../../../src/config/error.ts";
import { bindSocket } from "../../../src/host/socket-file.ts";
import { claimInstance } from "../../../src/instances/claim.ts";
import { findInstance, listInstances, sweep } from "../../../src/instances/list.ts";
import { instancePaths } from "../../../src/instances/paths.ts";

let home: string;

beforeEach(() => {
  home = join(mkdtempSync(join(tmpdir(), "volt-instances-")), "volt");
});
afterEach(() => rmSync(join(home, ".."), { recursive: true }));

const FACTS = { kernel: "k", vcpu_count: 1, mem_size_mib: 128, detached: false };

/** A process that claims a name and lives until it is killed. */
async function other(id: string, more = ""): Promise<Bun.Subprocess> {
  const program = `
    import { claimInstance } from ${JSON.stringify(join(import.meta.dirname, "../../../src/instances/claim.ts"))};
    const instance = claimInstance(${JSON.stringify(home)}, ${JSON.stringify(id)});
    instance.record({ ...${JSON.stringify(FACTS)}, api: instance.paths.api ${more} });
    console.log("claimed");
    setInterval(() => {}, 1000);
    globalThis.kept = instance;`;
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe("claimed\n");
  return child;
}

async function killed(child: Bun.Subprocess): Promise<void> {
  child.kill("SIGKILL");
  await child.exited;
}

describe("a claimed name", () => {
  test("has a folder that is its user's alone, with the process and its start in it", () => {
    const instance = claimInstance(home, "one");
    instance.record({ ...FACTS, api: instance.paths.api });
    expect(statSync(home).mode & 0o777).toBe(0o700);
    expect(statSync(instance.paths.folder).mode & 0o777).toBe(0o700);
    expect(readFileSync(instance.paths.pid, "utf8")).toBe(`${process.pid}\n`);
    expect(findInstance(home, "one")).toMatchObject({
      isAlive: true,
      record: { id: "one", pid: process.pid, start_time: startTime(process.pid)!, mem_size_mib: 128 },
    });
    instance.release();
    expect(readdirSync(home)).toEqual([]);
  });

  test("is nobody else's while its process lives, and anybody's after a kill", async () => {
    const child = await other("one");
    expect(() => claimInstance(home, "one")).toThrow(
      `--id: a VM named one runs already (process ${child.pid}): give another name, or end it: volt stop one`,
    );
    await killed(child);
    expect(findInstance(home, "one")?.isAlive).toBe(false);
    const mine = claimInstance(home, "one");
    expect(readFileSync(mine.paths.pid, "utf8")).toBe(`${process.pid}\n`);
    expect(readdirSync(mine.paths.folder)).toEqual(["pid"]);
    mine.release();
  });

  test("is made up where none was given: words, and another for each", () => {
    const some = Array.from({ length: 20 }, () => claimInstance(home, undefined));
    for (const { id } of some) expect(id).toMatch(/^[a-z]+-[a-z]+$/);
    expect(new Set(some.map(({ id }) => id)).size).toBe(20);
    expect(listInstances(home).length).toBe(20);
    for (const one of some) one.release();
  });

  test("is refused where something has it that is no VM's, and that stays as it was", () => {
    mkdirSync(home, { mode: 0o700 });
    const make = (name: string, mode: number, ...files: readonly string[]) => {
      mkdirSync(join(home, name), mode);
      for (const file of files) writeFileSync(join(home, name, file), "theirs");
    };
    make("notes", 0o700, "notes");
    make("half", 0o700, "pid", "vm.json", "notes");
    make("service", 0o755, "pid");
    make("open", 0o755);
    writeFileSync(join(home, "file"), "");
    symlinkSync("nowhere", join(home, "link"));
    const all = () =>
      readdirSync(home, { recursive: true, encoding: "utf8" })
        .sort()
        .map((name) => `${name} ${lstatSync(join(home, name)).size}`);
    const before = all();
    for (const name of ["notes", "half", "service", "open", "file", "link"])
      expect(() => claimInstance(home, name)).toThrow(
        new ConfigError("", "--id", `${home}/${name} is there and not a VM's: give another name, or move it away`),
      );
    expect(all()).toEqual(before);
  });

  test("is anybody's where a dead VM has left nothing, or somebody's file beside its own", async () => {
    mkdirSync(join(home, "empty"), { recursive: true, mode: 0o700 });
    claimInstance(home, "empty").release();
    await killed(await other("one"));
    writeFileSync(join(home, "one/notes"), "");
    claimInstance(home, "one").release();
    expect(readdirSync(home, { recursive: true, encoding: "utf8" }).sort()).toEqual(["one", "one/notes"]);
  });

  test("can't be had in a folder that can't be written", () => {
    writeFileSync(join(home, "..", "file"), "");
    expect(() => claimInstance(join(home, "../file"), "one")).toThrow("ENOTDIR");
    expect(() => claimInstance(join(home, "../none/deeper"), "one")).toThrow("ENOENT");
  });
});

describe("a sweep", () => {
  test("takes the dead away, with a socket elsewhere, and leaves the living", async () => {
    const api = join(home, "../api");
    const { identity } = bindSocket(api, "--api", 1);
    const dead = await other("dead", `, api: ${JSON.stringify(api)}, api_identity: ${JSON.stringify(identity)}`);
    const alive = await other("alive");
    await killed(dead);
    mkdirSync(join(home, "half-made"), 0o700);
    sweep(home);
    expect(readdirSync(home)).toEqual(["alive"]);
    expect(existsSync(api)).toBe(false);
    await killed(alive);
  });

  test("leaves a file that has come in the place of a dead VM's socket", async () => {
    const api = join(home, "../api");
    writeFileSync(api, "mine");
    const dead = await other("dead", `, api: ${JSON.stringify(api)}, api_identity: { device: 1, inode: 2 }`);
    await killed(dead);
    sweep(home);
    expect(readFileSync(api, "utf8")).toBe("mine");
  });

  test("leaves what a detached VM printed for an hour", async () => {
    const dead = await other("dead", ", detached: true");
    const { log } = instancePaths(home, "dead");
    writeFileSync(log, "why it ended");
    await killed(dead);
    sweep(home);
    expect(readFileSync(log, "utf8")).toBe("why it ended");
    const hourAgo = Date.now() / 1000 - 3601;
    utimesSync(log, hourAgo, hourAgo);
    sweep(home);
    expect(readdirSync(home)).toEqual([]);
  });

  test("leaves what is not volt's: other names, other modes, other files, links", async () => {
    mkdirSync(home, { mode: 0o700 });
    const make = (name: string, mode: number, ...files: readonly string[]) => {
      mkdirSync(join(home, name), mode);
      for (const file of files) writeFileSync(join(home, name, file), "");
    };
    make("no.name", 0o700);
    make("others-may-look", 0o755);
    make("service", 0o755, "pid");
    make("with-a-file", 0o700, "pid", "notes");
    make("target", 0o755, "pid");
    symlinkSync("target", join(home, "link"));
    symlinkSync("nothing", join(home, "broken"));
    make("ours", 0o700, "pid", "vm.json", "console.log", "volt.log.1");
    const all = () => readdirSync(home, { recursive: true, encoding: "utf8" }).sort();
    const before = all();
    sweep(home);
    expect(all()).toEqual(before.filter((name) => !name.startsWith("ours")));
  });

  test("of another user's folder does nothing", async () => {
    if (process.getuid!() !== 0) return;
    mkdirSync(join(home, "one"), { recursive: true, mode: 0o700 });
    chownSync(join(home, "one"), 12_345, 12_345);
    sweep(home);
    expect(readdirSync(home)).toEqual(["one"]);
  });

  test("of a folder that is not there does nothing", () => {
    sweep(join(home, "none"));
    expect(listInstances(join(home, "none"))).toEqual([]);
  });

  test("never takes a folder from under a claim", async () => {
    // Claims and sweeps side by side: whoever has claimed finds its file in place.
    const sweeper = Bun.spawn([
      process.execPath,
      "-e",
      `import { sweep } from ${JSON.stringify(join(import.meta.dirname, "../../../src/instances/list.ts"))};
       for (;;) sweep(${JSON.stringify(home)});`,
    ]);
    for (let round = 0; round < 300; round++) {
      const instance = claimInstance(home, `vm-${round % 3}`);
      expect(readFileSync(instance.paths.pid, "utf8")).toBe(`${process.pid}\n`);
      instance.release();
    }
    await killed(sweeper);
  });
});

test("what is no VM's folder is no VM, and hides none", async () => {
  const alive = await other("alive");
  writeFileSync(join(home, "file"), "");
  symlinkSync("file", join(home, "link"));
  mkdirSync(join(home, "folder/pid"), { recursive: true });
  mkdirSync(join(home, "linked"));
  symlinkSync("../file", join(home, "linked/pid"));
  sweep(home);
  expect(listInstances(home).map(({ id }) => id)).toEqual(["alive"]);
  for (const name of ["file", "link", "folder", "linked"]) expect(findInstance(home, name)).toBeUndefined();
  await killed(alive);
});

test("a name that looks like a flag is nobody's: no command could say it", () => {
  expect(() => claimInstance(home, "-x")).toThrow(
    "--id: -x begins with a dash, and no command could name it: begin with a letter or digit",
  );
  expect(existsSync(home)).toBe(false);
});

test("a name that is no name finds nothing", () => {
  for (const id of ["../x", "", "a/b", ".", "x".repeat(65)]) expect(findInstance(home, id)).toBeUndefined();
});
