import { describe, expect, test } from "bun:test";
import { Errno, SystemError } from "../../../ffi/error.ts";
import { writing } from "../../../src/kernels/writing.ts";

const fails = (error: unknown) => () =>
  writing("/store", () => {
    throw error;
  });

describe("what keeps volt from writing to the store", () => {
  test("is told with the store's folder and the mend, whoever noticed it", () => {
    const full = "/store: the disk is full: free some of it (volt kernel gc), or put the store elsewhere (VOLT_HOME)";
    expect(fails(Object.assign(new Error("x"), { code: "ENOSPC" }))).toThrow(full);
    expect(fails(new SystemError("write", Errno.ENOSPC, "/store/x"))).toThrow(full);
    expect(fails(new SystemError("open", Errno.EACCES, "/store/lock"))).toThrow(/^\/store: permission denied: /);
  });

  test("is nothing else that goes wrong meanwhile", () => {
    expect(fails(new TypeError("mine"))).toThrow(new TypeError("mine"));
    expect(writing("/store", () => 7)).toBe(7);
  });
});
