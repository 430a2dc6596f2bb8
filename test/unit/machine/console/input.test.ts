import { describe, expect, test } from "bun:test";
import { END_OF_STDIN, frameStdin } from "../../../../src/boot/stdin-frame.ts";
import { type ByteSink, ConsoleInput, type InputMode } from "../../../../src/machine/console/input.ts";
import { FakeStdin } from "./fake-stream.ts";

/** A guest that takes so many bytes, until it is given more room. */
class Guest implements ByteSink {
  readonly got: number[] = [];
  room: number;
  ends = 0;

  constructor(room = Number.POSITIVE_INFINITY) {
    this.room = room;
  }

  feed(bytes: Uint8Array): number {
    const some = bytes.subarray(0, Math.min(bytes.length, this.room));
    this.got.push(...some);
    this.room -= some.length;
    return some.length;
  }

  end(): void {
    this.ends++;
  }

  get text(): string {
    return Buffer.from(this.got).toString("latin1");
  }
}

const same = (bytes: Uint8Array) => bytes;

function inputOf(stdin: FakeStdin, guest: Guest, mode: InputMode = "plain", filter = same): ConsoleInput {
  return new ConsoleInput(stdin.stream, guest, mode, filter);
}

test("moves what there is until stdin has no more for now", () => {
  const guest = new Guest();
  const input = inputOf(new FakeStdin("text:ab", "EINTR", "text:c", "EAGAIN", "text:d", "EAGAIN"), guest);
  input.pump();
  expect([guest.text, input.wantsMore]).toEqual(["abc", true]);
  input.pump();
  expect(guest.text).toBe("abcd");
});

describe("a guest that is slow", () => {
  test("is never given more than it takes, and nothing is read ahead of it", () => {
    const stdin = new FakeStdin("text:abcdef", "text:gh", "EAGAIN");
    const guest = new Guest(4);
    const input = inputOf(stdin, guest);
    input.pump();
    expect([guest.text, input.wantsMore, stdin.calls]).toEqual(["abcd", false, 1]);
    input.pump();
    expect([guest.text, stdin.calls]).toEqual(["abcd", 1]);
    guest.room = 3;
    input.pump();
    expect([guest.text, input.wantsMore, stdin.calls]).toEqual(["abcdefg", false, 2]);
    guest.room = 9;
    input.pump();
    expect([guest.text, input.wantsMore]).toEqual(["abcdefgh", true]);
  });

  test("gets the end of stdin too, when it has room for it", () => {
    const guest = new Guest(2);
    const input = inputOf(new FakeStdin("text:ab"), guest);
    input.pump();
    expect([guest.text, input.wantsMore]).toEqual(["ab", false]);
    guest.room = 5;
    input.pump();
    expect([guest.text, input.wantsMore]).toEqual(["ab\u0004", false]);
  });
});

test("a file that is taken as fast as it is read is read in turns", () => {
  const guest = new Guest();
  const input = inputOf(new FakeStdin(...new Array(20).fill("text:x")), guest, "stream");
  expect([input.pump(), guest.got.length]).toEqual([true, 16]);
  expect([input.pump(), guest.got.length]).toEqual([false, 20]);
});

describe("the end of stdin", () => {
  const ended = (mode: InputMode, ...script: ConstructorParameters<typeof FakeStdin>) => {
    const guest = new Guest();
    const stdin = new FakeStdin(...script);
    const input = inputOf(stdin, guest, mode);
    for (let i = 0; i < 3; i++) input.pump();
    return { got: guest.got, calls: stdin.calls, wantsMore: input.wantsMore };
  };

  test("is a Ctrl-D to somebody else's guest, once", () => {
    expect(ended("plain", "text:a")).toEqual({ got: [97, 4], calls: 2, wantsMore: false });
  });

  test("is nothing to it when nothing came: stdin was /dev/null", () => {
    expect(ended("plain")).toEqual({ got: [], calls: 1, wantsMore: false });
  });

  test("is framed for volt's own init, also when nothing came", () => {
    expect(ended("framed").got).toEqual([...END_OF_STDIN]);
    expect(ended("framed", "text:a").got).toEqual([97, ...END_OF_STDIN]);
  });

  test("is told once to a guest that can be told, when it has taken all", () => {
    const guest = new Guest(1);
    const input = inputOf(new FakeStdin("text:ab"), guest, "stream");
    input.pump();
    expect(guest.ends).toBe(0);
    guest.room = 5;
    input.pump();
    input.pump();
    expect([guest.text, guest.ends]).toEqual(["ab", 1]);
  });

  test("is told to no other", () => {
    const guest = new Guest();
    for (const mode of ["plain", "framed", "terminal"] as const) inputOf(new FakeStdin("text:a"), guest, mode).pump();
    expect(guest.ends).toBe(0);
  });

  test("of a terminal is nothing: it hung up", () => {
    expect(ended("terminal", "text:a", "EIO").got).toEqual([97]);
  });

  test("by an error is the end all the same, and is not tried again", () => {
    expect(ended("plain", "text:a", "EIO", "text:never")).toEqual({ got: [97, 4], calls: 2, wantsMore: false });
  });
});

describe("what is read", () => {
  const ALL = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));

  test("reaches somebody else's guest as it is", () => {
    const guest = new Guest();
    inputOf(new FakeStdin(`text:${ALL}`, "EAGAIN"), guest).pump();
    expect(guest.text).toBe(ALL);
  });

  test("is framed for volt's own init", () => {
    const guest = new Guest();
    inputOf(new FakeStdin(`text:${ALL}`, "EAGAIN"), guest, "framed").pump();
    expect(guest.got).toEqual([...frameStdin(Buffer.from(ALL, "latin1"))]);
  });

  test("goes through the filter only where somebody types", () => {
    const upper = (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString().toUpperCase());
    const through = (mode: InputMode) => {
      const guest = new Guest();
      inputOf(new FakeStdin("text:ab", "EAGAIN"), guest, mode, upper).pump();
      return guest.text;
    };
    expect([through("terminal"), through("plain"), through("framed")]).toEqual(["AB", "ab", "ab"]);
  });

  test("that the filter keeps all of is no reason to stop", () => {
    const guest = new Guest();
    const input = inputOf(new FakeStdin("text:a", "text:b", "EAGAIN"), guest, "terminal", (bytes) =>
      bytes[0] === 97 ? bytes.subarray(1) : bytes,
    );
    input.pump();
    expect([guest.text, input.wantsMore]).toEqual(["b", true]);
  });
});

describe("what a client types", () => {
  const typed = (text: string) => new Uint8Array(Buffer.from(text));

  test("goes to the guest beside stdin, and waits with it", () => {
    const guest = new Guest(2);
    const input = inputOf(new FakeStdin("text:x", "EAGAIN"), guest);
    expect(input.type(typed("abc"))).toBe(true);
    expect([guest.text, input.wantsMore, input.type(typed("d"))]).toEqual(["ab", false, false]);
    guest.room = 9;
    input.pump();
    expect([guest.text, input.wantsMore, input.type(typed("d"))]).toEqual(["abcx", true, true]);
    expect(guest.text).toBe("abcxd");
  });

  test("goes there also after the end of stdin, as a terminal's console has none", () => {
    const guest = new Guest();
    const input = inputOf(new FakeStdin(), guest, "terminal");
    input.pump();
    expect(input.type(typed("ls\n"))).toBe(true);
    expect(guest.text).toBe("ls\n");
  });

  test("is framed where stdin is, and nothing once that has ended", () => {
    const guest = new Guest();
    const input = inputOf(new FakeStdin("EAGAIN"), guest, "framed");
    input.type(typed("a"));
    expect(guest.got).toEqual([...frameStdin(typed("a"))]);
    input.pump();
    input.pump();
    const all = [...frameStdin(typed("a")), ...END_OF_STDIN];
    expect(guest.got).toEqual(all);
    expect(input.type(typed("b"))).toBe(true);
    expect(guest.got).toEqual(all);
  });
});
