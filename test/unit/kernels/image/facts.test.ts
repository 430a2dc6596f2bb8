import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { builtInConfig, kernelVersion } from "../../../../src/kernels/image/facts.ts";

const bytes = (...parts: (string | Uint8Array)[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)));

describe("a kernel's version", () => {
  test("is the word after its banner's first ones", () => {
    expect(kernelVersion(bytes("\0\0Linux version 6.1.0-56-cloud-amd64 (x@y) #1"))).toBe("6.1.0-56-cloud-amd64");
  });

  test("is not the format string that comes before the banner", () => {
    expect(kernelVersion(bytes("Linux version %s (%s)\0Linux version 5.4 (x)"))).toBe("5.4");
  });

  test("is empty where there is none, or one with strange letters", () => {
    expect(kernelVersion(bytes("nothing"))).toBe("");
    expect(kernelVersion(bytes("Linux version 6\x1b[31m (x)"))).toBe("");
    expect(kernelVersion(bytes(`Linux version 6${"1".repeat(200)} (x)`))).toBe("");
  });
});

describe("a built-in configuration", () => {
  test("is found between its marks", () => {
    expect(builtInConfig(bytes("x", "IKCFG_ST", gzipSync("CONFIG_A=y\n"), "IKCFG_ED", "y"))).toBe("CONFIG_A=y\n");
  });

  test.each([
    ["there is none", bytes("IKCFG_ST but no gzip IKCFG_ED")],
    ["its end is missing", bytes("IKCFG_ST", gzipSync("CONFIG_A=y\n"))],
    ["it is damaged", bytes("IKCFG_ST\x1f", Buffer.from([0x8b]), "garbage", "IKCFG_ED")],
    ["it unpacks to far more than a configuration", bytes("IKCFG_ST", gzipSync(Buffer.alloc(5 * 2 ** 20)), "IKCFG_ED")],
  ])("is not known when %s", (_, file) => {
    expect(builtInConfig(file)).toBeUndefined();
  });
});
