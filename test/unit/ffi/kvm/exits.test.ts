import { expect, test } from "bun:test";
import { Exit, exitName, INTERNAL_ERRORS } from "../../../../ffi/kvm/exits.ts";

test("an exit has the header's name, or says its number", () => {
  expect(exitName(Exit.KVM_EXIT_MMIO)).toBe("KVM_EXIT_MMIO");
  expect(exitName(999)).toBe("exit reason 999");
});

test("an internal error is told in words", () => {
  expect(INTERNAL_ERRORS[1]).toContain("emulate");
});
