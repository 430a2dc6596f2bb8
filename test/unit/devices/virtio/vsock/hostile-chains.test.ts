/** Chains of a vsock's queues that are not what they should be. */
import { describe, expect, test } from "bun:test";
import { VsockQueue } from "../../../../../src/devices/virtio/vsock/device.ts";
import { Op } from "../../../../../src/devices/virtio/vsock/packet.ts";
import { RUNNING } from "../support.ts";
import { connected, FREE, header, OF_GUEST, STRANGER, VsockGuest } from "./support.ts";

describe("chains:", () => {
  test("a packet shorter than a header goes back without an answer", () => {
    using guest = VsockGuest.started();
    guest.memory.write(FREE, header({ op: Op.RW, ...STRANGER }));
    guest.tx.add({ address: FREE, length: 43 });
    guest.tx.add({ address: FREE, length: 0 });
    guest.tx.add({ address: FREE, length: 44, writable: true });
    guest.tx.kick();
    guest.rig.turn();
    expect(guest.tx.takeUsed().map(({ length }) => length)).toEqual([0, 0, 0]);
    expect(guest.counters.errors).toBe(3);
    expect(guest.ops()).toEqual([]);
    guest.expectRecovery();
  });

  test("a header in single bytes, and data in three pieces, are a packet like any other", () => {
    const { guest, program } = connected();
    using _guest = guest;
    guest.memory.write(FREE, header({ op: Op.RW, ...OF_GUEST, length: 9 }));
    guest.memory.write(FREE + 44, Buffer.from("onetwosix"));
    const pieces = Array.from({ length: 44 }, (_, i) => ({ address: FREE + i, length: 1 }));
    const data = [44, 47, 50].map((at) => ({ address: FREE + at, length: 3 }));
    guest.tx.add(...pieces, ...data);
    guest.tx.kick();
    guest.rig.turn();
    expect(program.text()).toBe("onetwosix");
    program.close();
  });

  test("data that reaches past the end of RAM is never touched (CVE-2019-18960)", () => {
    const { guest, program } = connected();
    using _guest = guest;
    guest.memory.write(FREE, header({ op: Op.RW, ...OF_GUEST, length: 4096 }));
    guest.tx.add({ address: FREE, length: 44 }, { address: guest.memory.size - 100, length: 4096 });
    guest.tx.kick();
    guest.rig.turn();
    expect(guest.tx.takeUsed()).toMatchObject([{ length: 0 }]);
    expect(program.text()).toBe("");
    guest.send({ op: Op.RW, ...OF_GUEST, data: Buffer.from("on") });
    expect(program.text()).toBe("on");
    program.close();
    guest.expectRecovery();
  });

  test.each([
    ["read-only", { address: FREE, length: 4096 }],
    ["too short for a header", { address: FREE, length: 43, writable: true }],
    ["outside RAM", { address: 2 ** 40, length: 4096, writable: true }],
    ["empty", { address: FREE, length: 0, writable: true }],
  ])("receive buffers that are %s go back empty, and sound ones behind them are used", (_, buffer) => {
    using guest = VsockGuest.started(0);
    guest.rx.add(buffer);
    guest.rx.add({ address: FREE, length: 4096, writable: true });
    guest.rx.kick();
    guest.send({ op: Op.RW, ...STRANGER });
    expect(guest.rx.takeUsed().map(({ length }) => length)).toEqual([0, 44]);
    guest.expectRecovery();
  });

  test("a receive buffer with room for a header alone takes what is no data, and goes back empty for data", () => {
    using guest = VsockGuest.started(0);
    guest.listen();
    for (let i = 0; i < 2; i++) guest.rx.add({ address: FREE + i * 0x1000, length: 44, writable: true });
    guest.rx.add({ address: FREE + 0x2000, length: 45, writable: true });
    guest.rx.kick();
    const accepted = guest.listen(77);
    guest.send({ op: Op.REQUEST, hostPort: 77, guestPort: 1 });
    const program = accepted();
    program.write("ab");
    guest.rig.turn();
    expect(guest.rx.takeUsed().map(({ length }) => length)).toEqual([44, 0, 45]);
    program.close();
    guest.expectRecovery();
  });

  test("receive buffers in single bytes hold a packet like any other", () => {
    using guest = VsockGuest.started(0);
    guest.rx.add(...Array.from({ length: 50 }, (_, i) => ({ address: FREE + i, length: 1, writable: true })));
    guest.rx.kick();
    guest.send({ op: Op.RW, ...STRANGER });
    expect(guest.rx.takeUsed()).toMatchObject([{ length: 44 }]);
    expect(guest.memory.view(FREE, 44)![30]).toBe(Op.RST);
  });

  test("an event buffer of any kind stays the driver's: there is no event", () => {
    using guest = VsockGuest.started();
    const events = guest.driver.queues[VsockQueue.EVENT]!;
    events.add({ address: FREE, length: 1, writable: true });
    events.add({ address: 2 ** 40, length: 8 });
    events.kick();
    guest.rig.turn();
    expect(events.takeUsed()).toEqual([]);
    guest.expectWorking();
    guest.expectRecovery();
  });

  test("a ring that jumps takes the device down, and its connections with it", () => {
    const { guest, program } = connected();
    using _guest = guest;
    guest.tx.availIdx = 1000;
    guest.tx.kick();
    guest.rig.turn();
    expect(guest.driver.status).not.toBe(RUNNING);
    expect(program.read()).toBe("end");
    program.close();
    guest.expectRecovery();
  });
});
