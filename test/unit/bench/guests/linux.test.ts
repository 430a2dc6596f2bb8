import { expect, test } from "bun:test";
import { msToUserSpace } from "../../../../bench/guests/linux.ts";

test("what the counter was when user space began is read as milliseconds", () => {
  expect(msToUserSpace("user space\r\nticks 4200000000 2100000\r\n")).toBe(2000);
});

test("a guest that did not get so far has no such time", () => {
  expect(msToUserSpace("user space\r\n")).toBeUndefined();
});
