import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ESCAPE, ESCAPE_HELP, EscapeFilter } from "../../../../src/machine/console/escape.ts";

/** What the guest gets, and what was asked for, when these pieces are typed. */
function typed(...pieces: (string | Uint8Array)[]): { guest: string; asked: string[] } {
  const asked: string[] = [];
  const filter = new EscapeFilter((action) => asked.push(action));
  const kept = pieces.map((piece) => filter.filter(Buffer.from(piece)).slice());
  return { guest: Buffer.concat(kept).toString("latin1"), asked };
}

const CTRL = "\u001d";

test.each([
  ["plain text", "ls\r", "ls\r", []],
  ["quit", `${CTRL}q`, "", ["quit"]],
  ["the power button", `a${CTRL}pb`, "ab", ["power button"]],
  ["help by ?", `${CTRL}?`, "", ["help"]],
  ["help by h", `${CTRL}h`, "", ["help"]],
  ["the escape itself", `${CTRL}${CTRL}`, CTRL, []],
  ["the escape itself, then a q", `${CTRL}${CTRL}q`, `${CTRL}q`, []],
  ["three escapes and a q", `${CTRL}${CTRL}${CTRL}q`, CTRL, ["quit"]],
  ["an escape that means nothing", `a${CTRL}xb`, "ab", []],
  ["two in a row", `${CTRL}p${CTRL}q`, "", ["power button", "quit"]],
  ["an escape that is not finished", `a${CTRL}`, "a", []],
])("%s", (_, text, guest, asked) => {
  expect(typed(text)).toEqual({ guest, asked });
});

describe("pieces", () => {
  test("an escape may come in one read and its letter in the next", () => {
    expect(typed(`a${CTRL}`, "q", "b")).toEqual({ guest: "ab", asked: ["quit"] });
    expect(typed(CTRL, CTRL, "q")).toEqual({ guest: `${CTRL}q`, asked: [] });
    expect(typed(CTRL, "", "q")).toEqual({ guest: "", asked: ["quit"] });
  });

  test("make no difference, wherever they are cut", () => {
    const bytes = fc.array(fc.constantFrom(ESCAPE, 0x71, 0x70, 0x3f, 0x61, 0xff, 0), { maxLength: 40 });
    fc.assert(
      fc.property(bytes, fc.nat(40), (all, at) => {
        const whole = Uint8Array.from(all);
        expect(typed(whole.subarray(0, at), whole.subarray(at))).toEqual(typed(whole));
      }),
    );
  });
});

test("without an escape nothing is copied", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  expect(new EscapeFilter(() => {}).filter(bytes)).toBe(bytes);
});

test("the help has every key that does something", () => {
  const keys = ["q", "p", "?", "Ctrl-]"];
  expect(ESCAPE_HELP.map((line) => /^Ctrl-\] (\S+) {2,}\S/.exec(line)?.[1]).toSorted()).toEqual(keys.toSorted());
});
