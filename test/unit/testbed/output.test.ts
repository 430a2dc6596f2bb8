import { expect, test } from "bun:test";
import { openOutput } from "../../testbed/output.ts";

const bytes = (text: string): Buffer => Buffer.from(text);

test("without a sink everything is kept", async () => {
  const output = openOutput(undefined);
  await output.write(bytes("one "));
  await output.write(bytes("two"));
  expect((await output.finish()).toString()).toBe("one two");
});

test("a sink gets one piece at a time, in order, and nothing is kept", async () => {
  const steps: string[] = [];
  const output = openOutput(async (piece) => {
    steps.push(`${piece} in`);
    await Bun.sleep(1);
    steps.push(`${piece} done`);
  });
  void output.write(bytes("one"));
  void output.write(bytes("two"));
  expect((await output.finish()).length).toBe(0);
  expect(steps).toEqual(["one in", "one done", "two in", "two done"]);
});

test("a sink that threw is not called again, and the end tells why", async () => {
  let calls = 0;
  const output = openOutput(() => {
    calls++;
    throw new Error("no room");
  });
  await output.write(bytes("one"));
  await output.write(bytes("two"));
  expect(calls).toBe(1);
  await expect(output.finish()).rejects.toThrow("no room");
});
