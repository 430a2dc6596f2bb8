import { expect, test } from "bun:test";
import { aptDependency, aptPackage } from "../../../src/kernels/debian.ts";

test("a host without apt is told so, and not that apt does not know the package", async () => {
  const path = process.env["PATH"];
  process.env["PATH"] = "/nonexistent";
  try {
    const message = "apt-cache: it is not installed: apt-get install apt";
    await expect(aptPackage("linux-source-6.1")).rejects.toThrow(message);
    await expect(aptDependency("linux-image-amd64", /x/)).rejects.toThrow(message);
  } finally {
    process.env["PATH"] = path;
  }
});
