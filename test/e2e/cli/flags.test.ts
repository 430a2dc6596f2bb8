/** The command line of `volt run`: every mistake is one line that names the flag and the mend, and starts nothing. */
import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { RUN_FLAGS } from "../../../src/cli/run-flags.ts";
import { Folder, failure, VOLT, volt } from "./volt.ts";

const run = (...args: string[]) => failure(["run", ...args]);

describe("volt run refuses", () => {
  test.each([
    ["an unknown flag", ["--frobnicate"], "--frobnicate: no such flag: see --help"],
    ["a misspelt flag, with the right one", ["--memroy", "1G"], "--memroy: no such flag: did you mean --memory?"],
    ["a misspelt flag with a value after =", ["--cpu=2"], "--cpu: no such flag: did you mean --cpus?"],
    ["a flag without a value", ["--cpus"], "--cpus: needs a value: --cpus N"],
    ["a flag with an empty value", ["--cpus", ""], "--cpus: needs a value: --cpus N"],
    ["a flag with nothing after =", ["--kernel="], "--kernel: needs a value: --kernel NAME|PATH"],
    ["a flag whose value was forgotten", ["--kernel", "--initrd", "x"], "--kernel: needs a value: --kernel NAME|PATH"],
    ["a flag given twice", ["--cpus", "2", "--cpus=3"], "--cpus: given twice: once is enough"],
    ["a value for a switch", ["--hugepages=yes"], "--hugepages: takes no value"],
    ["a stray word", ["x"], 'x: "x" is not expected here: a command for the guest goes after `--`'],
    ["a lone dash", ["-"], '-: "-" is not expected here: a command for the guest goes after `--`'],
    ["a short flag that does not exist", ["-z"], "-z: no such flag: see --help"],
    [
      "a word that is no choice",
      ["--log-level", "loud"],
      '--log-level: "loud" is not one of error, warn, info, debug, trace',
    ],
    ["a negative for what is no switch of that kind", ["--no-kernel"], "--no-kernel: no such flag: see --help"],
  ])("%s", async (_, args, message) => {
    expect(await run(...args)).toBe(message);
  });

  const CPUS = "--cpus: must be a whole number from 1 to 32, found";
  test.each([
    ["0", `${CPUS} 0`],
    ["33", `${CPUS} 33`],
    ["-1", `${CPUS} -1`],
    ["1.5", `${CPUS} 1.5`],
    ["0x10", '--cpus: "0x10" is no number'],
    ["1e1", '--cpus: "1e1" is no number'],
    [" 1", '--cpus: " 1" is no number'],
    ["NaN", '--cpus: "NaN" is no number'],
    ["Infinity", '--cpus: "Infinity" is no number'],
    ["9".repeat(400), `${CPUS} Infinity`],
  ])("--cpus %s", async (value, message) => {
    expect(await run("--cpus", value)).toBe(message);
  });

  test.each(["0", "18446744073709551616", "16777217"])("--memory %s", async (size) => {
    expect(await run("--memory", size)).toStartWith("--memory: must be a whole number from 1 to 16777216, found ");
  });

  test.each(["-1", "1K", "0.5", "1P", "1e3", "G", "12 M", "1,5G", "0x80"])("--memory %s", async (size) => {
    expect(await run("--memory", size)).toBe(
      `--memory: "${size}" is no size in whole MiB: write 128M, 1G, or a number of MiB`,
    );
  });

  test("an odd number of MiB in huge pages", async () => {
    expect(await run("--hugepages", "--memory", "129")).toBe(
      "--memory: must be an even number of MiB to fill huge pages of 2 MiB",
    );
  });

  test.each(["-1", "86401"])("--stop-timeout %s", async (seconds) => {
    expect(await run("--stop-timeout", seconds)).toBe(
      `--stop-timeout: must be a number of seconds from 0 to 86400, found ${seconds}`,
    );
  });

  test.each([
    ["--append", "é", 'must be printable ASCII, found "é"'],
    ["--cmdline", "a\u001b[2Jb", 'must be printable ASCII, found "a\\x1b[2Jb"'],
    ["--append", "a\nb", 'must be printable ASCII, found "a\\x0ab"'],
    ["--id", "a b", 'must be 1 to 64 letters, digits or dashes, found "a b"'],
    ["--id", "../x", 'must be 1 to 64 letters, digits or dashes, found "../x"'],
  ])("%s %j", async (flag, value, message) => {
    expect(await run(flag, value)).toBe(`${flag}: ${message}`);
  });

  test("an --id of 65 letters, and does not repeat a long value whole", async () => {
    const message = await run("--id", "x".repeat(10_000));
    expect(message).toStartWith('--id: must be 1 to 64 letters, digits or dashes, found "xxx');
    expect(message.length).toBeLessThan(200);
  });

  test("a command together with an --initrd", async () => {
    expect(await failure(["run", "--kernel", "/dev/null", "--initrd", "/dev/null", "--", "ls"])).toBe(
      "--initrd: a command after `--` runs in volt's own initramfs: give one or the other",
    );
  });
});

const PLANNED = Object.entries(RUN_FLAGS).filter(([, definition]) => "later" in definition);

test.each(PLANNED.map(([name]) => (name.length === 1 ? `-${name}` : `--${name}`)))(
  "%s says that its part is not there yet",
  async (flag) => {
    expect(await run(flag, "x")).toMatch(new RegExp(`^${flag}: volt has no .+ yet$`));
  },
);

describe("volt refuses", () => {
  test.each(["bogus", "constructor", "__proto__", "toString", "Run", ""])("the command %j", async (word) => {
    expect(await failure([word])).toMatch(/no such command; there are run, sandbox, (\w+, )+version$/);
  });

  test("to be the jailer, for now", async () => {
    const NOT_YET = "jailer: volt does not stand in for it yet: use `volt run`";
    expect(await failure(["jailer", "--version"])).toBe(NOT_YET);
    using folder = new Folder();
    const program = folder.file("jailer");
    symlinkSync(VOLT, program);
    const flags = ["--id", "one", "--exec-file", "/usr/bin/firecracker", "--uid", "0", "--gid", "0"];
    expect(await failure([...flags, "--", "--api-sock", "/run/x"], { program })).toBe(NOT_YET);
  });

  test("flags of one command given to another", async () => {
    expect(await failure(["version", "--cpus", "2"])).toBe("--cpus: no such flag: see --help");
  });
});

describe("help", () => {
  test("without a command lists the commands", async () => {
    const { status, stdout, stderr } = await volt([]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const command of ["run", "doctor", "version"]) expect(stdout.toString()).toContain(command);
  });

  test("of run names every flag, with examples, and starts nothing", async () => {
    const { status, stdout, stderr } = await volt(["run", "--cpus", "99", "--help"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const name of Object.keys(RUN_FLAGS)) expect(stdout.toString()).toContain(`-${name}`);
    expect(stdout.toString()).toContain("EXAMPLES");
    expect(stdout.toString()).not.toContain("\u001b");
  });

  test("asked for after -- is the guest's word", async () => {
    expect(await failure(["run", "--", "--help"])).toStartWith("--kernel: none given");
  });
});

test("volt version and --version agree, and --json is JSON", async () => {
  const [word, flag, json] = await Promise.all([volt(["version"]), volt(["--version"]), volt(["version", "--json"])]);
  const { volt: version } = JSON.parse(json.stdout.toString());
  expect(word.stdout.toString()).toBe(`volt ${version}\n`);
  expect(flag.stdout.toString()).toBe(`volt ${version}\n`);
});

describe("VOLT_DEBUG", () => {
  test("1 adds the stack below the line", async () => {
    const { status, stderr } = await volt(["run", "--x"], { env: { VOLT_DEBUG: "1" } });
    expect(status).toBe(125);
    expect(stderr).toMatch(/^volt: --x: no such flag: see --help\nConfigError: .*\n( +at .+\n)+$/);
  });

  test.each(["0", ""])("%j adds nothing", async (value) => {
    expect(await failure(["run", "--x"], { env: { VOLT_DEBUG: value } })).toBe("--x: no such flag: see --help");
  });
});
