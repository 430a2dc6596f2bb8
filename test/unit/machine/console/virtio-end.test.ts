import { describe, expect, test } from "bun:test";
import type { SerialEnd } from "../../../../src/machine/console/serial-end.ts";
import { VirtioEnd } from "../../../../src/machine/console/virtio-end.ts";
import { ConsoleWriter } from "../../../../src/machine/console/writer.ts";
import { ConsoleGuest, control, QueueIndex } from "../../devices/virtio/console/support.ts";
import { type Answer, FakeStdout } from "./fake-stream.ts";

const STDIO = [
  { name: "volt.stdin", receives: true },
  { name: "volt.stdout", receives: false },
];

/** A serial port that the guest has released, or not, and that prints nothing. */
function serial(isHeld: boolean) {
  return { isHeld, dropped: 0, flush: () => "empty", rest: () => Number.POSITIVE_INFINITY } as unknown as SerialEnd;
}

function endOf(guest: ConsoleGuest, mode: "terminal" | "framed" | "plain", isHeld: boolean, ...script: Answer[]) {
  const stdout = new FakeStdout(...script);
  const early = serial(isHeld);
  const writer = new ConsoleWriter(stdout.stream);
  return { stdout, early, end: new VirtioEnd(guest.device, guest.rig.backend, early, mode, writer) };
}

const text = ({ taken }: FakeStdout) => Buffer.from(taken).toString();

describe("the console of a terminal", () => {
  test("prints, and reads once the guest is ready for it", () => {
    using guest = new ConsoleGuest();
    const { stdout, early, end } = endOf(guest, "terminal", true);
    guest.print("login: ");
    expect(text(stdout)).toBe("login: ");
    guest.offer(1, 64);
    expect([end.inputMode, end.input.feed(Buffer.from("root"))]).toEqual(["terminal", 0]);
    Object.assign(early, { isHeld: false });
    expect(end.input.feed(Buffer.from("root"))).toBe(4);
    expect(guest.received(64)).toEqual(["root"]);
  });

  test("goes on where stdout was full", () => {
    using guest = new ConsoleGuest();
    const { stdout, end } = endOf(guest, "terminal", false, 3, "EAGAIN");
    guest.print("abcdef");
    expect([text(stdout), end.rest()]).toEqual(["abc", expect.any(Number)]);
    expect([end.flush(), text(stdout)]).toEqual(["empty", "abcdef"]);
  });

  test("comes again for what stdout did not take, however late it asks, and for nothing else", async () => {
    using guest = new ConsoleGuest();
    const { end } = endOf(guest, "terminal", false, 3, "EAGAIN", "EAGAIN", 1, "EAGAIN");
    expect(end.rest()).toBe(Number.POSITIVE_INFINITY);
    guest.print("abcdef");
    await Bun.sleep(60);
    expect(end.rest()).toBe(0);
    expect([end.flush(), end.dropped, end.rest()]).toEqual(["empty", 3, Number.POSITIVE_INFINITY]);
    guest.print("more");
    expect(end.rest()).toBeWithin(0, 51);
    guest.driver.reset();
    guest.rig.turn();
    expect(end.rest()).toBe(Number.POSITIVE_INFINITY);
  });

  test("prints nothing more, and holds nobody up, when stdout is closed", () => {
    using guest = new ConsoleGuest();
    const { stdout, end } = endOf(guest, "terminal", false, 3, "EPIPE");
    guest.print("abcdef");
    guest.print("more");
    expect([text(stdout), end.flush(), end.dropped]).toEqual(["abc", "empty", 0]);
    expect(guest.driver.queues[1]!.takeUsed()).toHaveLength(2);
  });
});

describe("piped input and output of volt's own init", () => {
  test("have ports of their own, which need no framing", () => {
    using guest = new ConsoleGuest(STDIO);
    const { stdout, end } = endOf(guest, "framed", false);
    guest.greet();
    guest.offer(1, 64, QueueIndex.inReceive);
    expect([end.inputMode, end.input.feed(Uint8Array.of(0x10, 0x0f))]).toEqual(["stream", 2]);
    expect(guest.received(64, QueueIndex.inReceive)).toEqual(["\x10\x0f"]);
    guest.print("out", QueueIndex.outTransmit);
    guest.print(" kernel");
    expect(text(stdout)).toBe("out kernel");
  });

  test("end with the input's end", () => {
    using guest = new ConsoleGuest(STDIO);
    const { end } = endOf(guest, "framed", false);
    guest.greet();
    end.input.end?.();
    expect(guest.told()).toEqual(["1 6 0"]);
  });

  test("the guest is told that all it printed is out, when it is, and not before", () => {
    using guest = new ConsoleGuest(STDIO);
    const { stdout, end } = endOf(guest, "framed", false, 4, "EAGAIN", "EAGAIN", "EAGAIN");
    guest.greet();
    guest.print("the last words", QueueIndex.outTransmit);
    guest.say(control(1, 6, 0));
    expect([end.flush(), text(stdout), guest.told()]).toEqual(["blocked", "the ", []]);
    end.flush();
    end.flush();
    expect([text(stdout), guest.told()]).toEqual(["the last words", ["2 6 0"]]);
  });
});
