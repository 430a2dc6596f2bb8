// The first step of every npm script, on plain node: a fresh clone on a Debian machine has neither Bun nor packages.
// Installs what is missing, then runs the script named by the first argument with Bun.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installMissing, PACKAGES } from "./debian-packages.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

installDebianPackages();
installNodePackages();
run();

function installDebianPackages() {
  try {
    installMissing(PACKAGES);
  } catch (error) {
    fail(error.message);
  }
}

/** `npm ci` when node_modules does not match the lock file (npm keeps a copy of it inside). */
function installNodePackages() {
  const locked = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const inside = join(root, "node_modules/.package-lock.json");
  const installed = existsSync(inside) ? JSON.parse(readFileSync(inside, "utf8")).packages : {};
  const isThere = (name) => locked[name].optional || installed[name]?.version === locked[name].version;
  if (
    Object.keys(locked)
      .filter((name) => name !== "")
      .every(isThere)
  )
    return;
  say("installing npm packages from the lock file");
  quietly("npm", ["ci", "--no-audit", "--no-fund"]);
}

function run() {
  const bun = findBun();
  const [script, ...args] = process.argv.slice(2);
  const env = { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}` };
  const result = spawnSync(bun, [join(root, script), ...args], { stdio: "inherit", env });
  if (result.error) fail(`${bun}: ${result.error.message}`);
  process.exit(result.status ?? 128);
}

/** npm may not have been allowed to run Bun's install script, which puts the program in place. */
function findBun() {
  const bun = join(root, "node_modules/bun/bin/bun.exe");
  if (works(bun)) return bun;
  quietly(process.execPath, [join(root, "node_modules/bun/install.js")]);
  if (!works(bun)) fail("Bun does not run here: it needs x86-64 Linux with glibc");
  return bun;
}

function works(program) {
  return existsSync(program) && spawnSync(program, ["--version"]).status === 0;
}

/** Runs a command and shows what it printed only if it failed. */
function quietly(program, args) {
  const result = spawnSync(program, args, { cwd: root, encoding: "utf8" });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ""}${result.stderr ?? ""}`);
  fail(`${program} ${args.join(" ")} failed`);
}

function say(text) {
  process.stderr.write(`volt: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
