import { describe, expect, test } from "bun:test";
import { sizeBytes } from "../../../../../src/devices/virtio/console/config.ts";
import { Register } from "../../../../../src/devices/virtio/transport/registers.ts";
import { BUFFER, ConsoleGuest, control, PORTS, QueueIndex } from "./support.ts";

const MULTIPORT = 2n;

describe("a console alone", () => {
  test("offers its size and no control queues: Linux has it at once", () => {
    using guest = new ConsoleGuest();
    expect(guest.driver.offered() & 7n).toBe(1n);
    expect(guest.driver.queues).toHaveLength(2);
    expect([...guest.driver.readBytes(Register.Config, 8)]).toEqual([80, 0, 25, 0, 1, 0, 0, 0]);
  });

  test("prints what the guest wrote, part by part, in its order", () => {
    using guest = new ConsoleGuest();
    guest.print("one ");
    guest.memory.write(BUFFER, Buffer.from("two three"));
    guest.driver.queues[1]!.add({ address: BUFFER, length: 4 }, { address: BUFFER + 4, length: 5 });
    guest.kick(1);
    expect(guest.sink.text).toBe("one two three");
    expect(guest.driver.queues[1]!.takeUsed()).toHaveLength(2);
  });

  test("gives input to the buffers there are, and no more", () => {
    using guest = new ConsoleGuest();
    expect(guest.feed("early")).toBe(0);
    guest.offer(2, 4);
    expect(guest.feed("abcdefghij")).toBe(8);
    expect(guest.received(4)).toEqual(["abcd", "efgh"]);
    expect(guest.feed("ij")).toBe(0);
    expect(guest.driver.takeInterrupt()).toBe(1);
  });

  test("asks to be told of more buffers when input has filled all there can be", () => {
    using guest = new ConsoleGuest();
    guest.offer(32, 4);
    expect(guest.feed("x".repeat(200))).toBe(128);
    expect(guest.driver.queues[0]!.takeUsed()).toHaveLength(32);
    expect(guest.announces(0)).toBe(true);
  });

  test("tells of another size by its configuration space and an interrupt", () => {
    using guest = new ConsoleGuest();
    guest.rig.backend.changeConfig(0, sizeBytes({ columns: 300, rows: 50 }));
    guest.rig.backend.run(() => guest.device.resize({ columns: 300, rows: 50 }));
    expect([...guest.driver.readBytes(Register.Config, 4)]).toEqual([44, 1, 50, 0]);
    expect(guest.driver.takeInterrupt()).toBe(2);
  });
});

describe("stdout that takes nothing for now", () => {
  test("leaves the guest its buffer, and goes on where it was", () => {
    using guest = new ConsoleGuest();
    guest.sink.room = 3;
    guest.print("abcdef");
    expect([guest.sink.text, guest.device.ports[0]!.drained]).toEqual(["abc", "blocked"]);
    expect(guest.driver.queues[1]!.takeUsed()).toEqual([]);
    guest.sink.room = 100;
    guest.rig.backend.kick(guest.device.transmitQueue(guest.device.ports[0]!));
    expect([guest.sink.text, guest.device.ports[0]!.drained]).toEqual(["abcdef", "empty"]);
    expect(guest.driver.queues[1]!.takeUsed()).toEqual([{ id: 0, length: 0 }]);
  });

  test("does not keep a driver from resetting", () => {
    using guest = new ConsoleGuest();
    guest.sink.room = 0;
    guest.print("lost");
    guest.expectRecovery();
    expect(guest.sink.text).toBe("after");
  });
});

describe("several ports", () => {
  test("are announced: the console as such, with its size; the others open before they have their names", () => {
    using guest = new ConsoleGuest(PORTS);
    const size = String.fromCharCode(25, 0, 80, 0);
    expect(guest.greet()).toEqual([
      ...["0 1 1", "1 1 1", "2 1 1"],
      ...["0 4 1", `0 5 0 ${size}`, "0 6 1"],
      ...["1 6 1", "1 7 1 in"],
      ...["2 6 1", "2 7 1 out"],
    ]);
  });

  test("carry bytes of their own", () => {
    using guest = new ConsoleGuest(PORTS);
    guest.greet();
    guest.print("to port two", QueueIndex.outTransmit);
    guest.print("to the console");
    expect(guest.sinks.map(({ text }) => text)).toEqual(["to the console", "", "to port two"]);
    guest.offer(1, 64, QueueIndex.inReceive);
    expect(guest.feed("for port one", 1)).toBe(12);
    expect(guest.received(64, QueueIndex.inReceive)).toEqual(["for port one"]);
  });

  test("get no input before the guest has opened them, nor after it has closed them", () => {
    using guest = new ConsoleGuest(PORTS);
    guest.offer(4, 64, QueueIndex.inReceive);
    expect(guest.feed("a", 1)).toBe(0);
    guest.greet();
    expect(guest.feed("b", 1)).toBe(1);
    guest.say(control(1, 6, 0));
    expect([guest.feed("c", 1), guest.device.ports[1]!.wasClosed]).toEqual([0, true]);
  });

  test("tell of the host's end of file after what came before it", () => {
    using guest = new ConsoleGuest(PORTS);
    guest.greet();
    guest.offer(1, 64, QueueIndex.inReceive);
    guest.feed("last words", 1);
    guest.rig.backend.run(() => guest.device.setHostOpen(guest.device.ports[1]!, false));
    expect(guest.received(64, QueueIndex.inReceive)).toEqual(["last words"]);
    expect(guest.told()).toEqual(["1 6 0"]);
  });

  test("tell a driver that comes after the end of file that the port is closed", () => {
    using guest = new ConsoleGuest(PORTS);
    guest.rig.backend.run(() => guest.device.setHostOpen(guest.device.ports[1]!, false));
    expect(guest.greet().filter((message) => message.startsWith("1 6"))).toEqual(["1 6 0"]);
  });

  test("tell of another size by a message", () => {
    using guest = new ConsoleGuest(PORTS);
    guest.greet();
    guest.rig.backend.run(() => guest.device.resize({ columns: 100, rows: 40 }));
    expect(guest.told()).toEqual([`0 5 0 ${String.fromCharCode(40, 0, 100, 0)}`]);
  });

  test("are only a console to a driver that knows no others", () => {
    using guest = new ConsoleGuest(PORTS, ~MULTIPORT);
    guest.print("hello");
    guest.print("nobody", QueueIndex.outTransmit);
    guest.offer(1, 64);
    expect(guest.feed("typed")).toBe(5);
    expect([guest.sink.text, guest.sinks[2]!.text, guest.received(64)]).toEqual(["hello", "", ["typed"]]);
  });
});
