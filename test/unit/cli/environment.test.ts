import { describe, expect, test } from "bun:test";
import { strictArguments } from "../../../src/cli/arguments.ts";
import { flagVariables, withEnvironment } from "../../../src/cli/environment.ts";
import { RUN_FLAGS } from "../../../src/cli/run-flags.ts";
import { ConfigError } from "../../../src/config/error.ts";

/** What `volt run` would hear. */
const settled = (environment: Record<string, string | undefined>, ...argv: string[]) =>
  withEnvironment(strictArguments(argv, RUN_FLAGS), RUN_FLAGS, environment);

const failure = (environment: Record<string, string>, ...argv: string[]) => {
  try {
    settled(environment, ...argv);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "no error";
};

describe("a variable", () => {
  test("is there for every flag of volt run that is more than a letter", () => {
    const variables = flagVariables(RUN_FLAGS);
    const flags = Object.keys(RUN_FLAGS).filter((name) => name.length > 1);
    expect([...variables.values()]).toEqual(flags);
    expect(variables.size).toBe(flags.length);
    for (const name of variables.keys()) expect(name).toMatch(/^VOLT_[A-Z]+(_[A-Z]+)*$/);
    // They stand for something else.
    for (const other of ["VOLT_HOME", "VOLT_DEBUG", "VOLT_PLAN", "VOLT_CONFINED"])
      expect(variables.has(other)).toBe(false);
  });

  test.each([
    [{ VOLT_MEMORY: "1G" }, ["--memory=1G"]],
    [{ VOLT_LOG_LEVEL: "debug" }, ["--log-level=debug"]],
    [{ VOLT_KERNEL: "--odd name" }, ["--kernel=--odd name"]],
    [{ VOLT_HUGEPAGES: "1" }, ["--hugepages"]],
    [{ VOLT_HUGEPAGES: "TRUE" }, ["--hugepages"]],
    [{ VOLT_HUGEPAGES: "0" }, []],
    [{ VOLT_RNG: "off" }, ["--no-rng"]],
    [{ VOLT_SECCOMP: "no" }, ["--no-seccomp"]],
    [{ VOLT_SECCOMP: "yes" }, ["--seccomp"]],
    [{ VOLT_BALLOON: "0" }, ["--balloon=0"]],
    [{ VOLT_BALLOON: "off" }, ["--balloon="]],
    [{ VOLT_MEMORY: "" }, []],
    [{ VOLT_MEMORY: undefined }, []],
    [{ MEMORY: "1G", volt_memory: "1G" }, []],
    // Of services called volt and volt-api, and of scripts.
    [{ VOLT_SERVICE_HOST: "10.0.0.1", VOLT_PORT: "tcp://10.0.0.1:80", VOLT_API_PORT_80_TCP: "x", VOLT_BIN: "x" }, []],
    [{ VOLT_HOME: "/x", VOLT_DEBUG: "1" }, []],
    // Of these tests.
    [{ VOLT_BINARY: "/x", VOLT_TEST_HOST: "nested" }, []],
  ])("%j says %j", (environment, words) => {
    expect(settled(environment).argv).toEqual(words);
  });

  test("of a flag that may be given several times has several values", () => {
    const { lists } = settled({ VOLT_DISK: "a.img,root; b.img,ro ;", VOLT_NET: "tap=t0" });
    expect(lists).toEqual({ disk: ["a.img,root", "b.img,ro"], net: ["tap=t0"] });
  });

  test("gives way to the flag, whatever that says", () => {
    const environment = { VOLT_MEMORY: "nonsense", VOLT_RNG: "1", VOLT_DISK: "a.img", VOLT_CPUS: "3" };
    const { argv, lists } = settled(environment, "--memory", "2G", "--no-rng", "--disk", "b.img");
    expect(argv).toEqual(["--cpus=3", "--memory=2G", "--no-rng"]);
    expect(lists).toEqual({ disk: ["b.img"] });
  });
});

describe("a wrong variable is told by its own name", () => {
  test.each([
    [{ VOLT_HUGEPAGES: "maybe" }, 'VOLT_HUGEPAGES: "maybe" is neither on nor off: write 1 or 0'],
    [{ VOLT_CONSOLE: "vga" }, 'VOLT_CONSOLE: "vga" is not one of serial, virtio, none'],
    [{ VOLT_MEMROY: "1G" }, "VOLT_MEMROY: no such variable: did you mean VOLT_MEMORY?"],
    [{ VOLT_LOGLEVEL: "1G" }, "VOLT_LOGLEVEL: no such variable: did you mean VOLT_LOG_LEVEL?"],
    [{ VOLT_DISKS: "a" }, "VOLT_DISKS: no such variable: did you mean VOLT_DISK?"],
    [{ VOLT_HOMES: "a" }, "VOLT_HOMES: no such variable: did you mean VOLT_HOME?"],
  ])("%j", (environment, message) => {
    expect(failure(environment)).toBe(message);
  });

  test("where a check finds it later", () => {
    const { nameOf } = settled({ VOLT_MEMORY: "x", VOLT_RNG: "0" }, "--cpus", "1");
    expect(["--memory", "--no-rng", "--cpus", "volt.id"].map(nameOf)).toEqual([
      "VOLT_MEMORY",
      "VOLT_RNG",
      "--cpus",
      "volt.id",
    ]);
  });
});
