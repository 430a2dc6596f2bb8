/** The scripts, run by the shells themselves where they are installed. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineCommand } from "citty";
import { mainCommand } from "../../../../src/cli/cli.ts";
import { bashCompletions } from "../../../../src/cli/completions/bash.ts";
import { fishCompletions } from "../../../../src/cli/completions/fish.ts";
import { commandTree, everyCommand } from "../../../../src/cli/completions/tree.ts";
import { zshCompletions } from "../../../../src/cli/completions/zsh.ts";

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "volt-completions-"));
  const tree = await commandTree(mainCommand());
  writeFileSync(join(folder, "bash"), bashCompletions(tree));
  writeFileSync(join(folder, "zsh"), zshCompletions(tree));
  writeFileSync(join(folder, "fish"), fishCompletions(tree));
  mkdirSync(join(folder, "files"));
  writeFileSync(join(folder, "files/a kernel"), "");
  // What it asks for the names of the VMs that run.
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin/volt"), '#!/bin/sh\n[ "$*" = "ps -q" ] && echo web && echo db\n', { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const env = () => ({ PATH: `${join(folder, "bin")}:${process.env["PATH"]}`, HOME: folder });
const where = (shell: string) => ({ skip: Bun.which(shell) === null });

function output(...command: readonly string[]): string[] {
  const { stdout, stderr, success } = Bun.spawnSync([...command], { cwd: join(folder, "files"), env: env() });
  expect({ stderr: stderr.toString(), success }).toEqual({ stderr: "", success: true });
  return stdout.toString().split("\n").filter(Boolean);
}

/** What bash offers for a command line whose last word is the one to complete. */
function bash(...words: readonly string[]): string[] {
  const script = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _volt; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return output("bash", "--norc", "-c", script, join(folder, "bash"), ...words).sort();
}

describe("bash completes", () => {
  test.each([
    ["commands", ["volt", "pa"], ["pause"]],
    ["commands of commands", ["volt", "kernel", "in"], ["inspect", "install"]],
    ["flags", ["volt", "run", "--boot"], ["--boot-protocol"]],
    ["flags with a no in front", ["volt", "run", "--no-s"], ["--no-seccomp"]],
    ["values of a flag", ["volt", "run", "--console", "v"], ["virtio"]],
    ["values behind an equals sign", ["volt", "run", "--console", "=", "v"], ["virtio"]],
    ["files, whatever their names", ["volt", "run", "--kernel", "a"], ["a kernel"]],
    ["names of VMs", ["volt", "stop", ""], ["db", "web"]],
    ["names of VMs behind --id", ["volt", "console", "--id", "w"], ["web"]],
    ["nothing of the guest's command", ["volt", "run", "--", "l"], []],
    ["a flag behind a value that is a command's name", ["volt", "run", "--id", "kernel", "--memo"], ["--memory"]],
  ])("%s", (_, words, expected) => {
    expect(bash(...words)).toEqual(expected);
  });
});

describe("fish completes", () => {
  const { skip } = where("fish");
  test.skipIf(skip).each([
    ["volt pa", ["pause"]],
    ["volt run --boot", ["--boot-protocol"]],
    ["volt run --console v", ["virtio"]],
    ["volt stop ", ["db", "web"]],
    ["volt kernel in", ["inspect", "install"]],
  ])("%s", (line, expected) => {
    const lines = output(
      "fish",
      "--no-config",
      "-c",
      "source $argv[1]; complete -C $argv[2]",
      join(folder, "fish"),
      line,
    );
    expect(lines.map((one) => one.split("\t")[0]).sort()).toEqual(expected);
  });
});

describe("zsh", () => {
  test.skipIf(where("zsh").skip)("takes the script, whatever is in a description", () => {
    output("zsh", "-f", "-n", join(folder, "zsh"));
    const trial =
      "compdef() { }; source $0; CURRENT=3; words=(volt run --lo); PREFIX=--lo; _describe() { print -l -- $list }; _volt";
    expect(output("zsh", "-f", "-c", trial, join(folder, "zsh"))).toContain("--initrd:instead of volt's own initramfs");
  });
});

test("every command and flag is in all three", async () => {
  const tree = await commandTree(mainCommand());
  const texts = [bashCompletions(tree), zshCompletions(tree)];
  for (const { path, flags } of everyCommand(tree)) {
    for (const text of texts) {
      expect(text).toContain(path === "" ? '"")' : `" ${path}")`);
      for (const { flag } of flags) expect(text).toContain(flag);
    }
  }
  expect(everyCommand(tree).map(({ path }) => path)).toContain("kernel trust add");
});

test("quotes, colons and dollars in a description stay what they are", async () => {
  const description = 'it\'s: $HOME `x` \\ "y"';
  const command = defineCommand({
    meta: { name: "volt", description },
    subCommands: { one: defineCommand({ meta: { name: "one", description } }) },
  });
  const tree = await commandTree(command as never);
  for (const [shell, text] of [
    ["zsh", zshCompletions(tree)],
    ["fish", fishCompletions(tree)],
  ] as const) {
    if (where(shell).skip) continue;
    writeFileSync(join(folder, "quoted"), text);
    output(shell, "-n", join(folder, "quoted"));
  }
  expect(fishCompletions(tree)).toContain("'it\\'s: $HOME `x` \\\\ \"y\"'");
});
