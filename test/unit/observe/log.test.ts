import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createLog, type LogOptions } from "../../../src/observe/log.ts";

function logged(options: Partial<LogOptions>, use: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = [];
  use(createLog({ level: "trace", format: "text", write: (line) => lines.push(line), ...options }));
  return lines;
}

test("a text line says its level; an error is the message alone", () => {
  const lines = logged({}, (log) => {
    log.error("a");
    log.warn("b");
    log.info("c");
    log.debug("d");
    log.trace("e");
  });
  expect(lines).toEqual(["volt: a\n", "volt: warn: b\n", "volt: info: c\n", "volt: debug: d\n", "volt: trace: e\n"]);
});

test("a level takes what is at least as grave", () => {
  const count = (level: LogOptions["level"]) =>
    logged({ level }, (log) => {
      for (const say of [log.error, log.warn, log.info, log.debug, log.trace]) say("x");
    }).length;
  expect((["error", "warn", "info", "debug", "trace"] as const).map(count)).toEqual([1, 2, 3, 4, 5]);
});

test("a JSON line is one object with time, level and message", () => {
  const [line] = logged({ format: "json" }, (log) => log.warn('a "b"', 3));
  const { time, level, message } = JSON.parse(line!);
  expect([level, message]).toEqual(["warn", 'a "b" 3']);
  expect(new Date(time).toISOString()).toBe(time);
});

test("the same line a hundred times is a hundred lines", () => {
  const lines = logged({}, (log) => {
    for (let i = 0; i < 100; i++) log.info("x");
  });
  expect(lines).toEqual(new Array(100).fill("volt: info: x\n"));
});

test("an error that is logged is its message, without a stack", () => {
  expect(logged({}, (log) => log.error(new Error("why")))).toEqual(["volt: why\n"]);
});

test("ends its lines as it is told at that moment", () => {
  let raw = false;
  const lines = logged({ lineEnd: () => (raw ? "\r\n" : "\n") }, (log) => {
    log.info("a");
    raw = true;
    log.info("b");
  });
  expect(lines).toEqual(["volt: info: a\n", "volt: info: b\r\n"]);
});

describe("a message from outside", () => {
  test("forges no line and drives no terminal", () => {
    expect(logged({}, (log) => log.warn("a\nvolt: b\r\u001b[2J"))[0]).toMatch(/^volt: warn: a\\\S+volt: b\\\S+\n$/);
  });

  test("keeps no control character that JSON leaves as it is: DEL, and the C1 twin of ESC [", () => {
    expect(logged({}, (log) => log.warn("a\u007f\u009b2Jb"))[0]).not.toMatch(/[\u007f\u009b]/);
  });

  test.each(["text", "json"] as const)("of any kind is one line without control characters, as %s", (format) => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const lines = logged({ format }, (log) => log.info(text));
        expect(lines).toHaveLength(1);
        expect(lines[0]!.slice(0, -1)).not.toMatch(/\p{Cc}/u);
        expect(lines[0]).toEndWith("\n");
      }),
    );
  });
});
