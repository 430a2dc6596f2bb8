/** A start where the runtime folder is missing, full or somebody else's: before anything of KVM is touched. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { END, tinyKernel } from "./tiny-kernel.ts";
import { Folder, failure, volt } from "./volt.ts";

const USER = 4321;
/** A file system that has room for the folder above it and nothing else. */
const FULL = 'mount -t tmpfs -o nr_inodes=1 none "$VOLT_RUNTIME_DIR"; exec "$@"';

let folder: Folder;
let home: string;
let start: readonly string[];

beforeEach(() => {
  folder = new Folder();
  chmodSync(folder.path, 0o755);
  home = folder.file("volt");
  start = tinyKernel(folder, END.reset).run;
});
afterEach(() => folder[Symbol.dispose]());

const full = ["unshare", "-m", "sh", "-ec", FULL, "sh"];
const stranger = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"];

describe("volt run -d is refused", () => {
  test("where there is no room for a folder", async () => {
    mkdirSync(home);
    expect(await failure([...start, "-d"], { env: { VOLT_RUNTIME_DIR: home }, by: full })).toMatch(
      /^-d: no place among the running VMs: .*\/volt\/[a-z]+-[a-z]+: mkdir: No space left on device \(ENOSPC\); VOLT_RUNTIME_DIR names another folder$/,
    );
  });

  test("where this user may not write", async () => {
    mkdirSync(home, { mode: 0o755 });
    expect(await failure([...start, "-d"], { env: { VOLT_RUNTIME_DIR: home }, by: stranger })).toContain(
      "mkdir: Permission denied (EACCES); VOLT_RUNTIME_DIR names another folder",
    );
  });

  test("for a user who has no such folder", async () => {
    expect(await failure([...start, "-d"], { by: stranger })).toBe(
      "-d: no place among the running VMs: XDG_RUNTIME_DIR: not set: set it, or VOLT_RUNTIME_DIR, to a folder; VOLT_RUNTIME_DIR names another folder",
    );
  });
});

describe("volt run in the foreground does without", () => {
  test.each([
    ["a warning when it has a name", ["--id", "web"], "volt: warn: no place among the running VMs: "],
    ["a note when it has none", ["--log-level", "info"], "volt: info: no place among the running VMs: "],
  ])("and says so: %s", async (_, flags, said) => {
    mkdirSync(home);
    const { stderr } = await volt([...start, ...flags], { env: { VOLT_RUNTIME_DIR: home }, by: full });
    expect(stderr).toStartWith(said);
  });

  test("and says nothing of it by itself", async () => {
    const { stderr } = await volt(start, { by: stranger });
    expect(stderr).not.toContain("no place");
  });
});

test("a name that a folder of somebody else's has is refused, and the folder stays as it was", async () => {
  mkdirSync(join(home, "web"), { recursive: true, mode: 0o700 });
  writeFileSync(join(home, "web/notes"), "theirs");
  for (const flags of [[], ["-d"]]) {
    expect(await failure([...start, "--id", "web", ...flags], { env: { VOLT_RUNTIME_DIR: home } })).toBe(
      `--id: ${home}/web is there and not a VM's: give another name, or move it away`,
    );
    expect(readdirSync(join(home, "web"))).toEqual(["notes"]);
  }
});

test("a start that fails takes its folder away, and the process that waited takes another's", async () => {
  const env = { VOLT_RUNTIME_DIR: home };
  for (const flags of [[], ["-d"]]) {
    expect(await failure([...start, ...flags, "--disk", "/nonexistent"], { env })).not.toContain("No place");
    expect(readdirSync(home)).toEqual([]);
  }
});

test("the name of a VM that is not ours is nobody's business", async () => {
  const env = { VOLT_RUNTIME_DIR: home };
  expect(await failure(["stop", "web"], { env })).toBe(`stop: there is no VM named web: none runs, by ${home}`);
  expect(await failure(["stop"], { env })).toBe(`stop: which VM? none runs, by ${home}`);
  expect(await failure(["ps", "web"], { env })).toBe('web: "web" is not expected here: see --help');
  expect((await volt(["ps"], { env })).stdout.toString()).toBe("no VM runs\n");
  expect((await volt(["ps", "--json"], { env })).stdout.toString()).toBe("[]\n");
  expect(existsSync(home)).toBe(false);
});

test("another user's VM is out of reach, and said to be", async () => {
  const api = folder.file("api");
  const server = createServer().listen(api);
  chmodSync(api, 0o600);
  expect(await failure(["stop", "--api", api], { by: stranger })).toBe(
    `${api}: permission denied to reach ${api}: it is another user's VM`,
  );
  server.close();
});

test("VOLT_DETACHED is volt's own", async () => {
  for (const value of ["3", "x"]) {
    expect(await failure([...start, "-d"], { env: { VOLT_RUNTIME_DIR: home, VOLT_DETACHED: value } })).toBe(
      "VOLT_DETACHED: is set by volt itself: unset it",
    );
  }
});
