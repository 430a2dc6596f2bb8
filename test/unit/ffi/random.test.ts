import { expect, test } from "bun:test";
import { Mapping } from "../../../ffi/memory.ts";
import { fillRandom } from "../../../ffi/random.ts";

test("random bytes fill exactly the memory they are for", () => {
  using mapping = Mapping.create(4096, { about: "a test of random bytes" });
  const bytes = new Uint8Array(mapping.view());
  expect(fillRandom(mapping.address + 10, 1000)).toBe(1000);
  expect(new Set(bytes.subarray(10, 1010)).size).toBeGreaterThan(200);
  expect([...bytes.subarray(0, 10), ...bytes.subarray(1010)].every((byte) => byte === 0)).toBe(true);
});

test("no bytes are none", () => {
  using mapping = Mapping.create(4096, { about: "a test of random bytes" });
  expect(fillRandom(mapping.address, 0)).toBe(0);
});

test("memory that is not there gets none", () => {
  // The first page is never mapped.
  expect(fillRandom(16, 8)).toBe(0);
});
