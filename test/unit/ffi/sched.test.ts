import { expect, test } from "bun:test";
import { affinity, setAffinity } from "../../../ffi/sched.ts";
import { systemError } from "../../support/thrown.ts";

test("a thread runs where it is told to, and says so", () => {
  const before = affinity();
  expect(before.length).toBeGreaterThan(0);
  try {
    setAffinity(before.slice(-1));
    expect(affinity()).toEqual(before.slice(-1));
  } finally {
    setAffinity(before);
  }
  expect(affinity()).toEqual(before);
});

test("a CPU that the host lacks is refused", () => {
  expect(systemError(() => setAffinity([1023])).code).toBe("EINVAL");
});
