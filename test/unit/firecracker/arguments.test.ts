import { expect, test } from "bun:test";
import { parseArguments } from "../../../src/firecracker/arguments.ts";

test.each<[string[], object]>([
  [[], {}],
  [["--api-sock", "a", "--id", "one", "--no-seccomp"], { "api-sock": "a", id: "one", "no-seccomp": true }],
  [["--config-file", "f", "--no-api", "--boot-timer"], { "config-file": "f", "no-api": true, "boot-timer": true }],
  [["--id", "one", "--", "--nonsense"], { id: "one" }],
  [["--allow-path", "/a", "--id", "one", "--allow-path", "b"], { "allow-path": ["/a", "b"], id: "one" }],
  [["--nonsense", "--version"], { version: true }],
  [["-h", "--nonsense"], { help: true }],
])("%p is understood", (argv, expected) => {
  expect(parseArguments(argv)).toEqual(expected as never);
});

test.each<[string[], string]>([
  [["--nonsense"], "Found argument '--nonsense' which wasn't expected, or isn't valid in this context."],
  [["word"], "Found argument 'word' which wasn't expected, or isn't valid in this context."],
  [["--id=one"], "Found argument '--id=one' which wasn't expected, or isn't valid in this context."],
  [["--constructor"], "Found argument '--constructor' which wasn't expected, or isn't valid in this context."],
  [["--id", "a", "--id", "b"], "The argument 'id' was provided more than once."],
  [["--id"], "The argument 'id' requires a value, but none was supplied."],
  [["--id", "--no-seccomp"], "The argument 'id' requires a value, but none was supplied."],
  [["--no-api"], "Argument 'config-file' required, but not found."],
  [
    ["--no-seccomp", "--seccomp-filter", "f"],
    "Argument 'no-seccomp' cannot be used together with argument 'seccomp-filter'.",
  ],
])("%p is refused", (argv, problem) => {
  expect(() => parseArguments(argv)).toThrow(problem);
});
