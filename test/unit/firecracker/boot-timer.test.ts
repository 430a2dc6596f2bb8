import { expect, test } from "bun:test";
import { bootTimeLine } from "../../../src/firecracker/boot-timer.ts";

test.each([
  [123_456_789, 7_654_321, "Guest-boot-time = 123456 us 123 ms,   7654 CPU us 7 CPU ms"],
  [1999, 0, "Guest-boot-time =      1 us 0 ms,      0 CPU us 0 CPU ms"],
])("%i ns and %i of CPU time are said as Firecracker says them", (wallNs, cpuNs, line) => {
  expect(bootTimeLine(wallNs, cpuNs)).toBe(line);
});
