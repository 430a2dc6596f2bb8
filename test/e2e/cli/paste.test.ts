import { expect, test } from "bun:test";
import { atMost } from "../../support/emulated.ts";
import { paste, pastedText, sumOf } from "./paste.ts";

test("128 KiB pasted into a terminal at once arrive whole and in order", async () => {
  const text = pastedText(128 * 1024);
  expect(await paste(text, atMost(60_000))).toBe(sumOf(text));
});
