import { expect, test } from "bun:test";
import { createLines, InterruptLines } from "../../../src/machine/lines.ts";

test("each queue has a descriptor of its own, and only a device that the host's kernel serves has one for its interrupt", () => {
  const { virtio } = createLines([{ queueSizes: [8, 8] }, { queueSizes: [8, 8, 8], kernelQueues: [0, 1] }]);

  expect(virtio.map(({ kicks }) => kicks.length)).toEqual([2, 3]);
  expect(new Set(virtio.flatMap(({ kicks }) => kicks)).size).toBe(5);
  expect(virtio.map(({ interrupt }) => interrupt !== undefined)).toEqual([false, true]);
});

test("a line that is raised before there is a VM goes nowhere", () => {
  expect(() => new InterruptLines().line(4).raise()).not.toThrow();
});
