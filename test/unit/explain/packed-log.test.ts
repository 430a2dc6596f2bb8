import { describe, expect, test } from "bun:test";
import { unpackLog } from "../../../src/explain/packed-log.ts";

describe("a packed log", () => {
  const log = "[    0.000000] Linux version 6.1.0\n";
  const packed = (text: string) => Buffer.from(Bun.gzipSync(Buffer.from(text))).toString("base64");

  test("is found between whatever else is on the console, in lines of any length", () => {
    const lines = packed(log).replaceAll(/.{1,20}/g, "$&\r\n");
    expect(unpackLog(`[    1.0] x\r\nvolt-explain: log\r\n${lines}volt-explain: end\r\nmore`)).toBe(log);
  });

  test("is whole where the kernel has printed in the middle of it, and of the words around it", () => {
    const message = (text: string) => `[   25.080718] ${text}\r\n`;
    const bytes = packed(log.repeat(50));
    const console = `volt-exp${message("clocksource: Long readout")}lain: log\r\n${bytes.slice(0, 30)}${message("x")}${message("y")}${bytes.slice(30)}\r\nvolt-explain: ${message("z")}end\r\n`;
    expect(unpackLog(console)).toBe(log.repeat(50));
  });

  test.each([
    ["that is not whole", `volt-explain: log\n${packed(log)}`],
    ["that is none", "volt-explain: log\nxyz!\nvolt-explain: end\n"],
    [
      "that unpacks to more than there can be",
      `volt-explain: log\n${packed("x".repeat(3 * 2 ** 20))}\nvolt-explain: end\n`,
    ],
    ["that is not there", ""],
  ])("%s is none", (_, console) => {
    expect(unpackLog(console)).toBe("");
  });
});
