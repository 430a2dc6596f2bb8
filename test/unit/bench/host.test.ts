import { expect, test } from "bun:test";
import { guestPlaces } from "../../../bench/host.ts";

test("Linux and tiny guests run where there is a KVM for them, in the nested machine otherwise", () => {
  expect(guestPlaces("native", true)).toEqual({ tiny: "this machine", linux: "this machine" });
  expect(guestPlaces("nested", true)).toEqual({ tiny: "this machine", linux: "nested machine" });
  expect(guestPlaces("nested", false)).toEqual({ tiny: "nested machine", linux: "nested machine" });
});
