import { expect, test } from "bun:test";
import { checkIoUring, checkSeccomp, glibcVersion, landlockAbi } from "../../../ffi/host.ts";
import { failure } from "../../../src/host/host.ts";
import { openDescriptors, openedSince } from "../../support/resources.ts";

test("glibc tells its version", () => {
  expect(glibcVersion()).toMatch(/^2\.\d+$/);
});

test("what the kernel lacks is an error that names the call; what it has is none", () => {
  const answers = [landlockAbi, checkSeccomp, checkIoUring].map((ask) => {
    try {
      return String(ask() ?? "there");
    } catch (error) {
      return String(error);
    }
  });
  expect(answers[0]).toMatch(/^([1-9]\d*|SystemError: Landlock: landlock_create_ruleset: .* \((ENOSYS|EOPNOTSUPP)\))$/);
  expect(answers[1]).toMatch(/^(there|SystemError: seccomp: (prctl|seccomp)\(\w+\): .* \(E\w+\))$/);
  expect(answers[2]).toMatch(/^(there|SystemError: io_uring: io_uring_setup: .* \((ENOSYS|EPERM)\))$/);
});

test("a ring that was made to see whether it can be is given back", () => {
  const before = openDescriptors();
  // A host that has no rings leaves none behind either.
  for (let i = 0; i < 10; i++) failure(checkIoUring);
  expect(openedSince(before)).toEqual([]);
});
