import { describe, expect, test } from "bun:test";
import { Fd, O } from "../../../ffi/fd.ts";
import { isTerminal, makeRaw, restore, windowSize } from "../../../ffi/terminal.ts";
import { systemError } from "../../support/thrown.ts";
import { openTerminal } from "./pseudoterminal.ts";

describe("a terminal", () => {
  test("is told from what is none", () => {
    using pair = openTerminal();
    using nothing = Fd.open("/dev/null", O.RDONLY);
    expect(isTerminal(pair.terminal.number)).toBe(true);
    expect(isTerminal(nothing.number)).toBe(false);
    expect(isTerminal(-1)).toBe(false);
  });

  test("made raw, passes every byte at once and unchanged, and echoes none", () => {
    using pair = openTerminal();
    makeRaw(pair.terminal.number);
    const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);
    pair.controller.writeAll(everyByte);
    const received = new Uint8Array(300);
    expect(pair.terminal.read(received)).toBe(256);
    expect(received.subarray(0, 256)).toEqual(everyByte);
    pair.controller.setNonBlocking(true);
    expect(pair.controller.read(received)).toBeLessThan(0);
    pair.terminal.writeAll(Buffer.from("\n"));
    expect(pair.controller.read(received)).toBe(1);
  });

  test("restored, is as it was: lines, echo and a carriage return before each line feed", () => {
    using pair = openTerminal();
    restore(pair.terminal.number, makeRaw(pair.terminal.number));
    pair.controller.writeAll(Buffer.from("hi\r"));
    const received = new Uint8Array(100);
    expect(Buffer.from(received.subarray(0, pair.terminal.read(received))).toString()).toBe("hi\n");
    expect(Buffer.from(received.subarray(0, pair.controller.read(received))).toString()).toBe("hi\r\n");
  });

  test("that is gone can be restored without an error", () => {
    using pair = openTerminal();
    const settings = makeRaw(pair.terminal.number);
    pair.controller.close();
    expect(() => restore(pair.terminal.number, settings)).not.toThrow();
  });

  test("tells its size, or that it does not know", () => {
    using pair = openTerminal();
    expect(windowSize(pair.terminal.number)).toBeUndefined();
    pair.resize(50, 132);
    expect(windowSize(pair.terminal.number)).toEqual({ rows: 50, columns: 132 });
  });
});

test("what is no terminal can't be made raw, and has no size", () => {
  using nothing = Fd.open("/dev/null", O.RDONLY);
  expect(systemError(() => makeRaw(nothing.number)).message).toBe(
    "the terminal: ioctl(TCGETS): Inappropriate ioctl for device (ENOTTY)",
  );
  expect(windowSize(nothing.number)).toBeUndefined();
});
