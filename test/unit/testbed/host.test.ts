import { expect, test } from "bun:test";
import { chooseGuestHost } from "../../testbed/host.ts";

const INTEL = "processor\t: 0\nflags\t\t: fpu vme vmx sse\n";
const AMD = "processor\t: 0\nflags\t\t: fpu vme sse svm\n";
const NEITHER = "processor\t: 0\nmodel name\t: vmx and svm\nflags\t\t: fpu svm_lock sse\n";

test("guests run natively on a KVM with VMX or SVM under it", () => {
  expect(chooseGuestHost(undefined, true, INTEL)).toBe("native");
  expect(chooseGuestHost(undefined, true, AMD)).toBe("native");
});

test("guests run nested where there is no KVM, or one that emulates them", () => {
  expect(chooseGuestHost(undefined, false, AMD)).toBe("nested");
  expect(chooseGuestHost(undefined, true, NEITHER)).toBe("nested");
});

test("VOLT_TEST_HOST forces a choice, and only one of the two", () => {
  expect(chooseGuestHost("nested", true, AMD)).toBe("nested");
  expect(chooseGuestHost("native", false, NEITHER)).toBe("native");
  expect(() => chooseGuestHost("elsewhere", true, AMD)).toThrow("VOLT_TEST_HOST=elsewhere: set it to native or nested");
});
