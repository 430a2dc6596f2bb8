import { expect, test } from "bun:test";
import { ConsoleHub, type ConsoleReader } from "../../../../src/machine/console/hub.ts";

/** A client that takes so many bytes. */
class Reader implements ConsoleReader {
  heard = "";
  changes = 0;
  room: number;

  constructor(room = Number.POSITIVE_INFINITY) {
    this.room = room;
  }

  write(bytes: Uint8Array): boolean {
    if (bytes.length > this.room) return false;
    this.room -= bytes.length;
    this.heard += Buffer.from(bytes).toString();
    return true;
  }

  changed(): void {
    this.changes++;
  }
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

test("every reader gets all, and a new one what was printed just before", () => {
  const hub = new ConsoleHub(() => true);
  hub.print(bytes("before "));
  const [first, second] = [new Reader(), new Reader()];
  hub.attach(first);
  hub.print(bytes("one "));
  hub.attach(second);
  hub.print(bytes("two"));
  expect([first.heard, second.heard]).toEqual(["before one two", "before one two"]);
});

test.each([1, 7, 4096, 16_384, 16_385, 50_000])("a new reader gets the last 16 KiB, printed by %d bytes", (size) => {
  const hub = new ConsoleHub(() => true);
  const all = Array.from({ length: 70_000 }, (_, i) => String.fromCharCode(97 + (i % 23))).join("");
  for (let at = 0; at < all.length; at += size) hub.print(bytes(all.slice(at, at + size)));
  const reader = new Reader();
  hub.attach(reader);
  expect(reader.heard).toBe(all.slice(-16_384));
});

test("a slow reader is told how much it has missed, and the others miss nothing", () => {
  const hub = new ConsoleHub(() => true);
  const [slow, fast] = [new Reader(3), new Reader()];
  hub.attach(slow);
  hub.attach(fast);
  hub.print(bytes("abc"));
  hub.print(bytes("defg"));
  hub.print(bytes("h"));
  slow.room = 1000;
  hub.print(bytes("i"));
  expect(slow.heard).toBe("abc\r\n[volt: 5 bytes were lost here]\r\ni");
  expect(fast.heard).toBe("abcdefghi");
});

test("one that has left hears nothing more", () => {
  const hub = new ConsoleHub(() => true);
  const reader = new Reader();
  hub.attach(reader).detach();
  hub.print(bytes("x"));
  expect(reader.heard).toBe("");
});

test("what is typed waits for the guest, and meanwhile nothing more is read of that client", () => {
  let takes = false;
  const typed: string[] = [];
  const hub = new ConsoleHub((some) => {
    if (takes) typed.push(Buffer.from(some).toString());
    return takes;
  });
  const reader = new Reader();
  const one = hub.attach(reader);
  const other = hub.attach(new Reader());
  one.type(bytes("a"));
  one.type(bytes("b"));
  expect(one.wantsInput).toBe(true);
  one.type(new Uint8Array(16 * 1024));
  expect([one.wantsInput, other.wantsInput]).toEqual([false, true]);
  takes = true;
  hub.pump();
  expect(typed.join("").slice(0, 2)).toBe("ab");
  expect([one.wantsInput, reader.changes]).toEqual([true, 1]);
});
