import { describe, expect, test } from "bun:test";
import { buffer, device, eisaId, integer, name, packageOf, scope, string } from "../../../../src/boot/acpi/aml.ts";
import { u8 } from "../../../../src/boot/pack.ts";

/** Expected bytes are worked out by hand from ACPI 6.5, chapter 20. */
describe("AML", () => {
  test.each([
    [0, [0x00]],
    [1, [0x01]],
    [2, [0x0a, 2]],
    [0xff, [0x0a, 0xff]],
    [0x100, [0x0b, 0, 1]],
    [0xffff, [0x0b, 0xff, 0xff]],
    [0x10000, [0x0c, 0, 0, 1, 0]],
    [0xffffffff, [0x0c, 0xff, 0xff, 0xff, 0xff]],
    [0x100000000, [0x0e, 0, 0, 0, 0, 1, 0, 0, 0]],
  ])("has the shortest constant for %d", (value, bytes) => {
    expect([...integer(value)]).toEqual(bytes);
  });

  test("packs a Plug and Play id into four bytes", () => {
    expect([...eisaId("PNP0501")]).toEqual([0x0c, 0x41, 0xd0, 0x05, 0x01]);
    expect([...eisaId("PNP0C0C")]).toEqual([0x0c, 0x41, 0xd0, 0x0c, 0x0c]);
  });

  test("ends a string with a NUL", () => {
    expect([...string("AB")]).toEqual([0x0d, 0x41, 0x42, 0]);
  });

  test("fills a short name segment up with underscores", () => {
    expect([...name("GED", integer(0))]).toEqual([0x08, 0x47, 0x45, 0x44, 0x5f, 0]);
  });

  test("marks names of one, two and three segments, from the root", () => {
    const path = (text: string) => [...name(text, u8()).subarray(1)];
    expect(path("\\A")).toEqual([0x5c, 0x41, 0x5f, 0x5f, 0x5f]);
    expect(path("\\A.B").slice(0, 2)).toEqual([0x5c, 0x2e]);
    expect(path("A.B.C").slice(0, 2)).toEqual([0x2f, 3]);
  });

  test("counts a package's elements", () => {
    expect([...packageOf(integer(5), integer(0))]).toEqual([0x12, 5, 2, 0x0a, 5, 0]);
  });

  test("opens a device with its extended code", () => {
    expect([...device("A")]).toEqual([0x5b, 0x82, 5, 0x41, 0x5f, 0x5f, 0x5f]);
  });

  // The length counts its own bytes, so each step up in size has an edge of its own.
  test.each([
    [58, [0x3f]],
    [59, [0x41, 0x04]],
    [4089, [0x4f, 0xff]],
    [4090, [0x81, 0x00, 0x01]],
    [1048568, [0x8f, 0xff, 0xff]],
    [1048569, [0xc1, 0x00, 0x00, 0x01]],
  ])("gives %d bytes behind a name the right length", (size, length) => {
    const bytes = scope("A", new Uint8Array(size));
    expect([...bytes.subarray(1, 1 + length.length)]).toEqual(length);
    expect(bytes.length).toBe(1 + length.length + 4 + size);
  });

  test("says a buffer's size before its bytes", () => {
    expect([...buffer(u8(7, 8))]).toEqual([0x11, 5, 0x0a, 2, 7, 8]);
  });
});
