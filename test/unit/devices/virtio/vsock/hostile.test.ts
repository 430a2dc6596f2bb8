/** HOSTILE.md, section vsock: what a driver tries, on the real device. Each ends with a reset, and nobody else noticed. */
import { describe, expect, test } from "bun:test";
import { MOST_CONNECTIONS } from "../../../../../src/devices/virtio/vsock/connections.ts";
import { BUFFER_BYTES } from "../../../../../src/devices/virtio/vsock/credit.ts";
import { MAX_DATA_BYTES, Op, Shutdown } from "../../../../../src/devices/virtio/vsock/packet.ts";
import { MOST_REPLIES } from "../../../../../src/devices/virtio/vsock/replies.ts";
import {
  connected,
  FREE,
  type HostProgram,
  header,
  OF_GUEST,
  type Packet,
  PORT,
  STRANGER,
  VsockGuest,
} from "./support.ts";

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
