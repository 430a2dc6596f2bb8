import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { SHUT } from "../../../../../ffi/socket.ts";
import { BUFFER_BYTES } from "../../../../../src/devices/virtio/vsock/credit.ts";
import { Op, Shutdown } from "../../../../../src/devices/virtio/vsock/packet.ts";
import { type HostProgram, PORT, VsockGuest } from "./support.ts";

const GUEST_PORT = 5000;
const OF_GUEST = { hostPort: PORT, guestPort: GUEST_PORT };

/** Fills a Unix socket until it takes no more: bytes sent by the guest. */
function stall(guest: VsockGuest): number {
  const data = new Uint8Array(65536).fill(7);
  let sent = 0;
  // Its credit lasts for one buffer beyond what the socket takes at once.
  for (; sent - lastForwarded(guest) < BUFFER_BYTES; sent += data.length) guest.send({ op: Op.RW, ...OF_GUEST, data });
  return sent;
}

/** What the guest was told last of how much was taken. */
const told = new WeakMap<VsockGuest, number>();
function lastForwarded(guest: VsockGuest): number {
  for (const packet of guest.received()) told.set(guest, packet.forwarded);
  return told.get(guest) ?? 0;
}

function drain(guest: VsockGuest, program: HostProgram): number {
  let total = 0;
  for (;;) {
    const bytes = program.read();
    if (typeof bytes === "string" || bytes.length === 0) return total;
    total += bytes.length;
    guest.rig.turn();
  }
}

describe("a connection the host opens", () => {
  test("is asked for, gets its line, and bytes pass both ways", () => {
    using guest = VsockGuest.started();
    guest.expectWorking();
    expect(guest.counters).toMatchObject({ hostConnections: 1, txBytes: 11, rxBytes: 12, resets: 0 });
  });

  test("may say its line in pieces, in small letters, and send data right behind it", () => {
    using guest = VsockGuest.started();
    const program = guest.come("conn");
    expect(guest.ops()).toEqual([]);
    program.write("ect 52\nearly");
    const [request] = guest.received();
    expect(request).toMatchObject({ op: Op.REQUEST, guestPort: 52 });
    const { hostPort } = request!;
    guest.send({ op: Op.RESPONSE, hostPort, guestPort: 52 });
    const [data] = guest.received();
    expect(Buffer.from(data!.data).toString()).toBe("early");
    expect(program.text()).toBe(`OK ${hostPort}\n`);
    program.close();
  });

  test.each([["CONNECT x\n"], ["CONNECT 4294967296\n"], ["HELLO\n"], ["CONNECT 00000000000000000000000052\n"], ["\n"]])(
    "is closed for saying %j",
    (line) => {
      using guest = VsockGuest.started();
      const program = guest.come(line);
      expect(program.read()).toBeOneOf(["end", "reset"]);
      expect(guest.ops()).toEqual([]);
      program.close();
      guest.expectWorking();
    },
  );

  test("is closed when nobody in the guest listens", () => {
    using guest = VsockGuest.started();
    const program = guest.come("CONNECT 52\n");
    const [request] = guest.received();
    guest.send({ op: Op.RST, hostPort: request!.hostPort, guestPort: 52 });
    expect(program.read()).toBe("end");
    program.close();
  });

  test("is reset when the guest does not answer for two seconds", () => {
    using guest = VsockGuest.started();
    const program = guest.come("CONNECT 52\n");
    expect(guest.ops()).toEqual([Op.REQUEST]);
    guest.now += 1999;
    guest.come().close();
    expect(program.text()).toBe("");
    guest.now += 1;
    guest.come().close();
    expect(program.read()).toBe("end");
    expect(guest.ops()).toEqual([Op.RST]);
    program.close();
  });

  test("is closed when it says nothing for a minute", () => {
    using guest = VsockGuest.started();
    const program = guest.come();
    guest.now += 60_000;
    guest.come().close();
    expect(program.read()).toBe("end");
    program.close();
  });

  test("waits for a driver that is not there yet", () => {
    using guest = new VsockGuest();
    const program = guest.come("CONNECT 52\n");
    guest.start();
    expect(guest.ops()).toEqual([Op.REQUEST]);
    program.close();
  });

  test("waits while the host has no descriptors to spare, and nothing turns meanwhile", () => {
    using guest = VsockGuest.started();
    guest.host.isPoor = true;
    const program = guest.come("CONNECT 52\n");
    expect(guest.rig.turn()).toBe(0);
    guest.host.isPoor = false;
    guest.come().close();
    expect(guest.ops()).toEqual([Op.REQUEST]);
    program.close();
  });

  test("that vanishes before the guest has answered leaves a reset", () => {
    using guest = VsockGuest.started();
    guest.come("CONNECT 52\n").close();
    expect(guest.ops()).toEqual([Op.REQUEST, Op.RST]);
    guest.expectWorking();
  });

  test("gets a port nobody else has, however many there are", () => {
    using guest = VsockGuest.started();
    const programs = Array.from({ length: 200 }, () => guest.come("CONNECT 52\n"));
    const ports = [];
    for (let packets = guest.received(); packets.length > 0; packets = guest.received()) {
      ports.push(...packets.map(({ hostPort }) => hostPort));
    }
    expect(new Set(ports).size).toBe(200);
    expect(Math.min(...ports)).toBeGreaterThanOrEqual(2 ** 30);
    for (const program of programs) program.close();
  });
});

describe("a connection the guest opens", () => {
  test("reaches the program that listens at PATH_PORT, and bytes pass both ways", () => {
    using guest = VsockGuest.started();
    const program = guest.opened();
    guest.send({ op: Op.RW, ...OF_GUEST, data: Buffer.from("question") });
    expect(program.text()).toBe("question");
    program.write("answer");
    const [packet] = guest.received();
    expect(packet).toMatchObject({ op: Op.RW, ...OF_GUEST, length: 6, written: 50 });
    expect(Buffer.from(packet!.data).toString()).toBe("answer");
    program.close();
  });

  test("is refused when nobody listens", () => {
    using guest = VsockGuest.started();
    guest.send({ op: Op.REQUEST, ...OF_GUEST });
    expect(guest.received()).toMatchObject([{ op: Op.RST, ...OF_GUEST }]);
  });
});

describe("half of a connection", () => {
  test("the host's can end, and the guest still sends", () => {
    using guest = VsockGuest.started();
    const program = guest.opened();
    program.write("last");
    program.shutDown(SHUT.WR);
    expect(guest.received()).toMatchObject([
      { op: Op.RW, length: 4 },
      { op: Op.SHUTDOWN, flags: Shutdown.SEND },
    ]);
    guest.send({ op: Op.RW, ...OF_GUEST, data: Buffer.from("reply") });
    expect(program.text()).toBe("reply");
    guest.send({ op: Op.SHUTDOWN, ...OF_GUEST, flags: Shutdown.SEND });
    expect(program.read()).toBe("end");
    expect(guest.received()).toMatchObject([{ op: Op.SHUTDOWN, flags: Shutdown.BOTH }]);
    guest.send({ op: Op.RST, ...OF_GUEST });
    program.close();
    expect(guest.ops()).toEqual([]);
  });

  test("the guest's can end, and the host still sends", () => {
    using guest = VsockGuest.started();
    const program = guest.opened();
    guest.send({ op: Op.RW, ...OF_GUEST, data: Buffer.from("last") });
    guest.send({ op: Op.SHUTDOWN, ...OF_GUEST, flags: Shutdown.SEND });
    expect(program.text()).toBe("last");
    expect(program.read()).toBe("end");
    program.write("reply");
    expect(guest.received()).toMatchObject([{ op: Op.RW, length: 5 }]);
    program.close();
    expect(guest.received()).toMatchObject([{ op: Op.SHUTDOWN, flags: Shutdown.BOTH }]);
  });

  test("a guest that takes no more has its host told so", () => {
    using guest = VsockGuest.started();
    const program = guest.opened();
    guest.send({ op: Op.SHUTDOWN, ...OF_GUEST, flags: Shutdown.RECEIVE });
    expect(program.write("x")).toBe(0);
    guest.send({ op: Op.RW, ...OF_GUEST, data: Buffer.from("still") });
    expect(program.text()).toBe("still");
    program.close();
    expect(guest.received()).toMatchObject([{ op: Op.SHUTDOWN, flags: Shutdown.BOTH }]);
  });

  test("both at once end it, with a reset for an answer", () => {
    using guest = VsockGuest.started();
    const program = guest.opened();
    guest.send({ op: Op.SHUTDOWN, ...OF_GUEST, flags: Shutdown.BOTH });
    expect(program.read()).toBe("end");
    expect(guest.received()).toMatchObject([{ op: Op.RST, ...OF_GUEST }]);
    program.close();
  });
});

describe("a program of the host's that", () => {
  test("vanishes has its last bytes delivered, then an end", () => {
    using guest = VsockGuest.started();
    const program = guest.opened();
    program.write("goodbye");
    program.close();
    expect(guest.received()).toMatchObject([
      { op: Op.RW, length: 7 },
      { op: Op.SHUTDOWN, flags: Shutdown.BOTH },
    ]);
    // Linux answers so when its program has read all.
    guest.send({ op: Op.RST, ...OF_GUEST });
    expect(guest.ops()).toEqual([]);
    guest.expectWorking();
  });

  test("vanishes with the guest's bytes unread leaves a reset", () => {
    using guest = VsockGuest.started();
    const program = guest.opened();
    guest.send({ op: Op.RW, ...OF_GUEST, data: Buffer.from("unread") });
    program.close();
    expect(guest.received()).toMatchObject([{ op: Op.RST, ...OF_GUEST }]);
    guest.expectWorking();
  });

  test("vanishes while its guest sends is reset for the guest in the end, whatever waited for it", () => {
    using guest = VsockGuest.started();
    const program = guest.opened();
    stall(guest);
    program.close();
    const ops = guest.ops();
    expect(ops.at(-1)).toBe(Op.RST);
    guest.send({ op: Op.RW, ...OF_GUEST, data: Buffer.from("late") });
    expect(guest.ops()).toEqual([Op.RST]);
    guest.expectRecovery();
  });

  test("is gone, for a guest that does not let go, is reset after eight seconds", () => {
    using guest = VsockGuest.started();
    guest.opened().close();
    expect(guest.ops()).toEqual([Op.SHUTDOWN]);
    guest.now += 8000;
    guest.come().close();
    expect(guest.ops()).toEqual([Op.RST]);
    guest.expectWorking();
  });

  test("does not read gets what waited when it does, in order", () => {
    using guest = VsockGuest.started();
    const program = guest.opened();
    const sent = stall(guest);
    guest.send({ op: Op.SHUTDOWN, ...OF_GUEST, flags: Shutdown.SEND });
    expect(drain(guest, program)).toBe(sent);
    expect(program.read()).toBe("end");
    expect(lastForwarded(guest)).toBe(sent);
    program.close();
  });

  test("does not read gets all of it even when the guest has closed long before", () => {
    using guest = VsockGuest.started();
    const program = guest.opened();
    const sent = stall(guest);
    guest.send({ op: Op.SHUTDOWN, ...OF_GUEST, flags: Shutdown.BOTH });
    expect(guest.ops()).toContain(Op.RST);
    guest.now += 3_600_000;
    guest.expectWorking();
    expect(drain(guest, program)).toBe(sent);
    expect(program.read()).toBe("end");
    program.close();
  });

  test("goes, when its guest has closed long before, once: the next two have a connection each, and the reset ends both", () => {
    using guest = VsockGuest.started();
    const program = guest.opened();
    stall(guest);
    guest.send({ op: Op.SHUTDOWN, ...OF_GUEST, flags: Shutdown.BOTH });
    expect(guest.ops()).toContain(Op.RST);
    program.close();
    guest.rig.turn();

    const [first, second] = [guest.accepted(100), guest.accepted(101)];
    first.program.write("first");
    second.program.write("second");
    expect(guest.received().map(({ guestPort, data }) => [guestPort, Buffer.from(data).toString()])).toEqual([
      [100, "first"],
      [101, "second"],
    ]);

    guest.driver.reset();
    guest.rig.turn();
    expect([first.program.read(), second.program.read()]).toEqual(["end", "end"]);
  });
});

describe("credit", () => {
  test("the guest's is never overrun, and the host's bytes wait for it", () => {
    using guest = VsockGuest.started();
    const { program, hostPort } = guest.accepted(52, { allocated: 1000 });
    program.write(new Uint8Array(3000).fill(1));
    expect(guest.received()).toMatchObject([{ op: Op.RW, length: 1000 }, { op: Op.CREDIT_REQUEST }]);
    guest.send({ op: Op.CREDIT_UPDATE, hostPort, guestPort: 52, allocated: 1000, forwarded: 400 });
    expect(guest.received()).toMatchObject([{ op: Op.RW, length: 400 }, { op: Op.CREDIT_REQUEST }]);
    guest.send({ op: Op.CREDIT_UPDATE, hostPort, guestPort: 52, allocated: 65536, forwarded: 1400 });
    expect(guest.received()).toMatchObject([{ op: Op.RW, length: 1600 }]);
    program.close();
  });

  test("the guest hears of its own when it asks, and before it runs out", () => {
    using guest = VsockGuest.started();
    const program = guest.opened();
    guest.send({ op: Op.RW, ...OF_GUEST, data: new Uint8Array(1000) });
    expect(guest.ops()).toEqual([]);
    guest.send({ op: Op.CREDIT_REQUEST, ...OF_GUEST });
    expect(guest.received()).toMatchObject([{ op: Op.CREDIT_UPDATE, allocated: BUFFER_BYTES, forwarded: 1000 }]);
    for (let i = 0; i < 2; i++) {
      guest.send({ op: Op.RW, ...OF_GUEST, data: new Uint8Array(65536) });
      program.read();
    }
    expect(guest.received()).toMatchObject([{ op: Op.CREDIT_UPDATE, forwarded: 1000 + 2 * 65536 }]);
    program.close();
  });
});

describe("receive buffers", () => {
  test("that are missing keep bytes in the Unix socket until there are some", () => {
    using guest = VsockGuest.started(1);
    const program = guest.opened();
    program.write(new Uint8Array(10_000).fill(3));
    const lengths = [];
    for (let packets = guest.received(); packets.length > 0; packets = guest.received()) {
      lengths.push(...packets.map(({ length }) => length));
    }
    expect(lengths).toEqual([4052, 4052, 1896]);
    program.close();
  });

  test("are given to connections in turn", () => {
    using guest = VsockGuest.started(4);
    const first = guest.accepted(1);
    const second = guest.accepted(2);
    first.program.write(new Uint8Array(100_000));
    second.program.write(new Uint8Array(100_000));
    guest.rig.turn();
    const ports = [...guest.received(), ...guest.received()].map(({ guestPort }) => guestPort);
    expect(ports.filter((port) => port === 1).length).toBe(4);
    expect(ports.filter((port) => port === 2).length).toBe(4);
    first.program.close();
    second.program.close();
  });
});

test("the socket's file goes with the machine, but not another's that took its place", () => {
  using guest = VsockGuest.started();
  guest.rig.device.close();
  expect(existsSync(guest.path)).toBe(false);
  Bun.write(guest.path, "another's");
  guest.rig.device.close();
  expect(existsSync(guest.path)).toBe(true);
});
