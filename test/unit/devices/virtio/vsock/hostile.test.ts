/** HOSTILE.md, section vsock: what a driver tries, on the real device. Each ends with a reset, and nobody else noticed. */
import { describe, expect, test } from "bun:test";
import { MOST_CONNECTIONS } from "../../../../../src/devices/virtio/vsock/connections.ts";
import { BUFFER_BYTES } from "../../../../../src/devices/virtio/vsock/credit.ts";
import { VsockQueue } from "../../../../../src/devices/virtio/vsock/device.ts";
import { MAX_DATA_BYTES, Op, Shutdown } from "../../../../../src/devices/virtio/vsock/packet.ts";
import { MOST_REPLIES } from "../../../../../src/devices/virtio/vsock/replies.ts";
import { RUNNING } from "../support.ts";
import { FREE, type HostProgram, header, type Packet, PORT, VsockGuest } from "./support.ts";

const OF_GUEST = { hostPort: PORT, guestPort: 5000 };
const STRANGER = { hostPort: 9, guestPort: 9 };

/** A guest with one connection. */
function connected(): { readonly guest: VsockGuest; readonly program: HostProgram } {
  const guest = VsockGuest.started();
  return { guest, program: guest.opened() };
}

describe("a packet that is not from this guest to its host gets no answer:", () => {
  test.each<[string, Partial<Packet>]>([
    ["another guest's CID", { sourceCid: 43n }],
    ["the host's own CID", { sourceCid: 2n }],
    ["reserved CID 0", { sourceCid: 0n }],
    ["reserved CID 1", { sourceCid: 1n }],
    ["the CID of nobody", { sourceCid: 0xffff_ffffn }],
    ["a CID whose low half alone is right", { sourceCid: 0x1_0000_002an }],
    ["to itself", { destinationCid: 42n }],
    ["to the hypervisor", { destinationCid: 0n }],
    ["to a CID whose low half alone is the host's", { destinationCid: 0x1_0000_0002n }],
  ])("%s", (_, wrong) => {
    using guest = VsockGuest.started();
    guest.listen();
    guest.send({ op: Op.REQUEST, ...OF_GUEST, ...wrong });
    guest.send({ op: Op.RW, ...OF_GUEST, ...wrong });
    expect(guest.ops()).toEqual([]);
    expect(guest.counters.errors).toBe(2);
    guest.expectWorking();
    guest.expectRecovery();
  });
});

describe("a packet without a connection is reset:", () => {
  test.each<[string, Partial<Packet> & { op: number }]>([
    ["data", { op: Op.RW, data: new Uint8Array(100) }],
    ["an answer", { op: Op.RESPONSE }],
    ["an end", { op: Op.SHUTDOWN, flags: Shutdown.BOTH }],
    ["credit", { op: Op.CREDIT_UPDATE }],
    ["a question for credit", { op: Op.CREDIT_REQUEST }],
    ["operation 0", { op: 0 }],
    ["an operation nobody knows", { op: 77 }],
  ])("%s", (_, packet) => {
    using guest = VsockGuest.started();
    guest.send({ ...STRANGER, ...packet });
    expect(guest.received()).toMatchObject([{ op: Op.RST, ...STRANGER, type: 1 }]);
    guest.expectRecovery();
  });

  test("a type nobody knows, even on a connection that is there, and the connection goes on", () => {
    const { guest, program } = connected();
    using _guest = guest;
    guest.send({ op: Op.RW, ...OF_GUEST, type: 2, data: new Uint8Array(3) });
    guest.send({ op: Op.REQUEST, ...STRANGER, type: 0xffff });
    expect(guest.received()).toMatchObject([
      { op: Op.RST, ...OF_GUEST, type: 2 },
      { op: Op.RST, ...STRANGER, type: 0xffff },
    ]);
    guest.send({ op: Op.RW, ...OF_GUEST, data: Buffer.from("sound") });
    expect(program.text()).toBe("sound");
    program.close();
    guest.expectRecovery();
  });

  test("but a reset never is: two sides would go on for ever", () => {
    using guest = VsockGuest.started();
    guest.send({ op: Op.RST, ...STRANGER });
    expect(guest.ops()).toEqual([]);
  });
});

describe("a packet that breaks its connection's rules ends that connection:", () => {
  test.each<[string, Partial<Packet> & { op: number }]>([
    ["a second request", { op: Op.REQUEST }],
    ["an answer to no request", { op: Op.RESPONSE }],
    ["operation 0", { op: 0 }],
    ["an operation nobody knows", { op: 65535 }],
    ["a length over its buffers", { op: Op.RW, length: 101, data: new Uint8Array(100) }],
    ["a length without a buffer", { op: Op.RW, length: 1 }],
    ["a length of 2^32 - 1", { op: Op.RW, length: 2 ** 32 - 1, data: new Uint8Array(100) }],
  ])("%s", (_, packet) => {
    const { guest, program } = connected();
    using _guest = guest;
    const other = guest.accepted(52);
    guest.send({ ...OF_GUEST, ...packet });
    expect(guest.received()).toMatchObject([{ op: Op.RST, ...OF_GUEST }]);
    expect(program.read()).toBe("end");
    other.program.write("on");
    expect(guest.received()).toMatchObject([{ op: Op.RW, guestPort: 52, length: 2 }]);
    program.close();
    other.program.close();
    guest.expectRecovery();
  });

  test("data of more than 64 KiB in one packet", () => {
    const { guest, program } = connected();
    using _guest = guest;
    guest.memory.write(FREE, header({ op: Op.RW, ...OF_GUEST, length: MAX_DATA_BYTES + 1 }));
    guest.tx.add({ address: FREE, length: 44 + MAX_DATA_BYTES + 1 });
    guest.tx.kick();
    expect(guest.ops()).toEqual([Op.RST]);
    program.close();
    guest.expectRecovery();
  });

  test("data beyond credit", () => {
    const { guest, program } = connected();
    using _guest = guest;
    const data = new Uint8Array(MAX_DATA_BYTES);
    // What a Unix socket takes at once needs no credit any more; after that it is BUFFER_BYTES to the byte.
    let last: number = Op.RW;
    let sent = 0;
    for (; last !== Op.RST && sent < 64 * MAX_DATA_BYTES; sent += data.length) {
      guest.send({ op: Op.RW, ...OF_GUEST, data });
      last = guest.ops().at(-1) ?? last;
    }
    expect(last).toBe(Op.RST);
    expect(sent).toBeGreaterThan(BUFFER_BYTES);
    program.close();
    guest.expectRecovery();
  });

  test("data after its own end", () => {
    const { guest, program } = connected();
    using _guest = guest;
    guest.send({ op: Op.SHUTDOWN, ...OF_GUEST, flags: Shutdown.SEND });
    guest.send({ op: Op.RW, ...OF_GUEST, data: Buffer.from("more") });
    expect(guest.ops()).toEqual([Op.RST]);
    expect(program.read()).toBe("end");
    program.close();
    guest.expectRecovery();
  });

  test("data on a connection it has not accepted", () => {
    using guest = VsockGuest.started();
    const program = guest.come("CONNECT 52\n");
    const [request] = guest.received();
    guest.send({ op: Op.RW, hostPort: request!.hostPort, guestPort: 52, data: Buffer.from("early") });
    expect(guest.ops()).toEqual([Op.RST]);
    expect(program.read()).toBe("end");
    program.close();
    guest.expectRecovery();
  });
});

describe("shutdown flags", () => {
  test("nobody knows, or none at all, end nothing", () => {
    const { guest, program } = connected();
    using _guest = guest;
    guest.send({ op: Op.SHUTDOWN, ...OF_GUEST, flags: 0 }, { op: Op.SHUTDOWN, ...OF_GUEST, flags: 0xffff_fffc });
    guest.send({ op: Op.RW, ...OF_GUEST, data: Buffer.from("on") });
    expect(program.text()).toBe("on");
    program.close();
    guest.expectRecovery();
  });

  test("that were set stay set", () => {
    const { guest, program } = connected();
    using _guest = guest;
    guest.send({ op: Op.SHUTDOWN, ...OF_GUEST, flags: Shutdown.SEND }, { op: Op.SHUTDOWN, ...OF_GUEST, flags: 0 });
    guest.send({ op: Op.SHUTDOWN, ...OF_GUEST, flags: Shutdown.RECEIVE });
    expect(guest.ops()).toEqual([Op.RST]);
    program.close();
  });
});

describe("credit", () => {
  test.each([
    ["none", 0, 0],
    ["less than is on the way", 10, 0x8000_0000],
    ["a count from the future", 1000, 0xffff_ffff - 5000],
  ])("of %s keeps the host's bytes where they are", (_, allocated, forwarded) => {
    using guest = VsockGuest.started();
    const { program, hostPort } = guest.accepted(52, { allocated: 10 });
    program.write(new Uint8Array(100));
    guest.received();
    guest.send({ op: Op.CREDIT_UPDATE, hostPort, guestPort: 52, allocated, forwarded });
    expect(guest.counters.rxBytes).toBe(10);
    program.close();
    guest.expectRecovery();
  });

  test("of 4 GiB gets no packet of more than its buffer holds", () => {
    using guest = VsockGuest.started();
    const { program } = guest.accepted(52, { allocated: 2 ** 32 - 1 });
    program.write(new Uint8Array(10_000));
    expect(guest.received().map(({ written }) => written)).toEqual([4096, 4096, 10_000 - 2 * 4052 + 44]);
    program.close();
  });
});

describe("floods", () => {
  test("of connections end at 1,023, the next is reset, and one that ends makes room", () => {
    using guest = VsockGuest.started();
    const accepted = guest.listen();
    const programs: HostProgram[] = [];
    for (let i = 0; i < MOST_CONNECTIONS; i++) {
      guest.send({ op: Op.REQUEST, hostPort: PORT, guestPort: 10_000 + i });
      programs.push(accepted());
      if (i % 32 === 0) guest.received();
    }
    guest.received();
    guest.send({ op: Op.REQUEST, hostPort: PORT, guestPort: 1 });
    expect(guest.received()).toMatchObject([{ op: Op.RST, guestPort: 1 }]);
    const late = guest.come("CONNECT 52\n");
    expect(late.read()).toBeOneOf(["end", "reset"]);
    expect(guest.counters).toMatchObject({ guestConnections: MOST_CONNECTIONS, refused: 2 });

    guest.send({ op: Op.RST, hostPort: PORT, guestPort: 10_000 });
    guest.send({ op: Op.REQUEST, hostPort: PORT, guestPort: 1 });
    expect(guest.received()).toMatchObject([{ op: Op.RESPONSE, guestPort: 1 }]);
    for (const program of programs) program.close();
    guest.expectRecovery();
  });

  test("of packets without a connection are answered as far as memory is set aside, and the rest is dropped", () => {
    using guest = VsockGuest.started(0);
    for (let i = 0; i < MOST_REPLIES + 50; i++) guest.send({ op: Op.RW, hostPort: 1, guestPort: i });
    expect(guest.counters.droppedReplies).toBe(50);
    guest.expectRecovery();
  });

  test("of programs that say nothing leave no room, until their minute is over", () => {
    using guest = VsockGuest.started();
    const idle = Array.from({ length: MOST_CONNECTIONS }, () => guest.come());
    expect(guest.come("CONNECT 52\n").read()).toBeOneOf(["end", "reset"]);
    guest.now += 60_000;
    guest.come().close();
    guest.expectWorking();
    for (const program of idle) program.close();
  });
});

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

test("ten resets in a row, with connections, backlogs and programs that wait, leave nothing behind", () => {
  using guest = VsockGuest.started();
  for (let i = 0; i < 10; i++) {
    const waiting = guest.come("CONNECT 52\n");
    const silent = guest.come();
    guest.received();
    const { program } = guest.accepted(60);
    program.write(new Uint8Array(100_000));
    guest.expectRecovery();
    for (const each of [program, waiting, silent]) {
      expect(each.read()).toBeOneOf(["end", "reset"]);
      each.close();
    }
  }
  expect(guest.ops()).toEqual([]);
});
