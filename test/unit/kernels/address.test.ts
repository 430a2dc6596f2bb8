import { describe, expect, test } from "bun:test";
import { addressIn, withoutPassword } from "../../../src/kernels/address.ts";

describe("an address", () => {
  test("is told from a path, in whatever case its scheme is written", () => {
    expect(addressIn("https://example.org/vmlinux")).toBe("https://example.org/vmlinux");
    expect(addressIn("HTTP://Example.org/K")).toBe("http://example.org/K");
    for (const path of ["vmlinux", "/boot/vmlinuz", "http:/x", "./http://x"]) expect(addressIn(path)).toBeUndefined();
  });

  test.each([
    ["file:///boot/vmlinuz", "file:///boot/vmlinuz: give the file's path, without file://"],
    ["ftp://u:secret@h/x", "ftp://h/x: volt fetches http:// and https:// only: get the file and give its path"],
    ["http://", "http://: this is no address: write https://HOST/FILE"],
    ["http://u:secret@h:x/", "http://h:x/: this is no address: write https://HOST/FILE"],
  ])("%s is refused", (text, message) => {
    expect(() => addressIn(text)).toThrow(new Error(message));
  });

  test("is shown and kept without the password in it", () => {
    expect(withoutPassword("http://user:secret@host/a@b?c=d@e")).toBe("http://host/a@b?c=d@e");
    expect(withoutPassword("http://user:p@ss@host/")).toBe("http://host/");
    expect(withoutPassword("https://host/user@x")).toBe("https://host/user@x");
  });
});
