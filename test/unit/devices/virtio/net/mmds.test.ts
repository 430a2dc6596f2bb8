/** The metadata service as a driver finds it: beside the TAP, in the same queues. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DEFAULT_MMDS_ADDRESS } from "../../../../../src/config/mmds.ts";
import { MmdsService } from "../../../../../src/devices/mmds/service.ts";
import { MmdsStore } from "../../../../../src/devices/mmds/store.ts";
import { TokenAuthority } from "../../../../../src/devices/mmds/tokens.ts";
import { Client, type Wire } from "../../../../support/mmds/client.ts";
import { arpFrame, readFrame, tcpFrame } from "../../../../support/mmds/frames.ts";
import { FakeAlarm } from "../../../../support/virtio/fake-alarm.ts";
import { frame, HEADER, NetGuest, type NetGuestOptions, RX_BUFFER, TX_BUFFER } from "./support.ts";

const TEXT = "0123456789".repeat(3000);
const REQUEST = "GET /text HTTP/1.1\r\n\r\n";
const NEEDS_CSUM = 1;
const GSO_TCPV4 = 1;

/** A guest that talks to the service by its queues; buffers for what comes are given when the test says so. */
class MmdsGuest implements Wire, Disposable {
  readonly alarm = new FakeAlarm();
  readonly guest: NetGuest;
  /** A packet's header, and how its bytes are cut into descriptors. */
  header = new Uint8Array(HEADER);
  cuts: readonly number[] = [];
  #given = 0;

  constructor(options: NetGuestOptions<NetGuest["tap"]> = {}, features?: bigint) {
    const config = { version: "V1", network_interfaces: ["net0"], ipv4_address: DEFAULT_MMDS_ADDRESS } as const;
    const store = new MmdsStore(51_200, JSON.stringify({ text: TEXT }));
    const service = new MmdsService(
      { ...config, network_interfaces: ["net0"], imds_compat: false },
      store,
      new TokenAuthority("test"),
    );
    const mmds = { service, address: DEFAULT_MMDS_ADDRESS };
    this.guest = NetGuest.started(
      { mmds, clocks: { mmds: clockOf(this.alarm) }, ...options },
      features === undefined ? {} : { features },
    );
  }

  send(bytes: Buffer): void {
    const { guest, header } = this;
    const packet = Buffer.concat([header, bytes]);
    guest.memory.write(TX_BUFFER, packet);
    const ends = [...this.cuts.filter((cut) => cut < packet.length), packet.length];
    const parts = ends.map((end, i) => ({
      address: TX_BUFFER + (ends[i - 1] ?? 0),
      length: end - (ends[i - 1] ?? 0),
    }));
    guest.tx.add(...parts);
    guest.tx.kick();
    guest.turn();
  }

  /** Packets that came, each in one buffer of 2048 bytes; new ones take the place of theirs. */
  receive(): Uint8Array[] {
    const { guest } = this;
    if (this.#given === 0) this.give(64);
    const found: Uint8Array[] = [];
    for (let used = guest.rx.takeUsed(); used.length > 0; used = guest.rx.takeUsed()) {
      for (const { id, length } of used) {
        const bytes = guest.bytes(bufferOf(id), length).slice();
        expect([...bytes.subarray(0, HEADER)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
        found.push(bytes.subarray(HEADER));
        guest.rx.add({ address: bufferOf(this.#given++), length: 2048, writable: true });
      }
      guest.rx.kick();
      guest.turn();
    }
    return found;
  }

  give(count: number): void {
    this.#given += count;
    this.guest.giveBuffers(count);
  }

  client(port?: number): Client {
    return new Client(this, port);
  }

  /** The test's own alarms are due. */
  ring(): void {
    const { device, rig } = this.guest;
    for (const { fd, ready } of device.sources) if (fd === this.alarm.fd) rig.backend.run(ready);
  }

  [Symbol.dispose](): void {
    this.guest[Symbol.dispose]();
  }
}

/** Where a descriptor of the receive queue points: they are used in turn. */
function bufferOf(descriptor: number): number {
  return RX_BUFFER + (descriptor % 256) * 2048;
}

function clockOf(alarm: FakeAlarm) {
  return { alarm, now: alarm.now };
}

describe("a guest", () => {
  test("reads its metadata, and the TAP sees nothing of it", () => {
    using wire = new MmdsGuest();
    expect(wire.client().open().ask(REQUEST)).toEndWith(TEXT);
    expect(wire.guest.tap.receiveAll()).toEqual([]);
    expect(wire.guest.device.counters).toMatchObject({ mmdsRequests: 1, mmdsConnectionsCreated: 1, errors: 0 });
    wire.guest.expectWorking();
  });

  test("has an answer to ARP", () => {
    using wire = new MmdsGuest();
    wire.send(arpFrame());
    expect(wire.receive().map((bytes) => readFrame(bytes).arp?.operation)).toEqual([2]);
    expect(wire.guest.tap.receiveAll()).toEqual([]);
  });

  test("may cut its packets anywhere", () => {
    using wire = new MmdsGuest();
    for (const cuts of [
      [12],
      [1, 2, 3, 20, 41, 42, 43, 53, 54, 55, 70],
      Array.from({ length: 100 }, (_, i) => i + 1),
    ]) {
      wire.cuts = cuts;
      const client = wire.client(40_000 + cuts.length).open();
      expect(client.ask(REQUEST)).toEndWith(TEXT);
    }
  });

  test("may leave checksums to the device, and segments: a request of many is one packet", () => {
    using wire = new MmdsGuest();
    const client = wire.client().open();
    wire.header = Uint8Array.of(NEEDS_CSUM, GSO_TCPV4, 54, 0, 0xb4, 0x05, 34, 0, 16, 0, 0, 0);
    client.write(`GET /text HTTP/1.1\r\nX: ${"y".repeat(3000)}\r\n\r\n`, { partial: true });
    expect(client.read()).toEndWith(TEXT);
  });

  test("has no luck with a checksum that is neither right nor left to the device", () => {
    using wire = new MmdsGuest();
    wire.send(tcpFrame({ flags: "S" }, { partial: true }));
    expect(wire.receive()).toEqual([]);
    expect(wire.guest.device.counters["mmdsRxErrors"]).toBe(1);
  });

  test("whose driver knows no offloads, and merges no buffers, reads all the same", () => {
    using wire = new MmdsGuest({}, 2n ** 32n);
    expect(wire.client().open().ask(REQUEST)).toEndWith(TEXT);
  });

  test("with two queue pairs finds the service by both", () => {
    using wire = new MmdsGuest({ config: { queue_pairs: 2 } });
    const { guest } = wire;
    guest.memory.write(TX_BUFFER, Uint8Array.of(4, 0, 2, 0));
    const ack = { address: TX_BUFFER + 8, length: 1, writable: true };
    guest.driver.queues[4]!.add({ address: TX_BUFFER, length: 4 }, ack);
    guest.driver.queues[4]!.kick();
    guest.turn();
    guest.memory.write(TX_BUFFER, Buffer.concat([new Uint8Array(HEADER), arpFrame()]));
    guest.driver.queues[3]!.add({ address: TX_BUFFER, length: HEADER + 42 });
    guest.driver.queues[3]!.kick();
    guest.driver.queues[2]!.add({ address: RX_BUFFER, length: 2048, writable: true });
    guest.driver.queues[2]!.kick();
    guest.turn();
    expect(guest.driver.queues[2]!.takeUsed()).toEqual([{ id: 0, length: HEADER + 42 }]);
    expect(guest.taps.flatMap((tap) => tap.receiveAll())).toEqual([]);
  });
});

describe("what is not for the service goes to the TAP as before:", () => {
  test.each<[string, Buffer]>([
    ["a segment to another address", tcpFrame({}, { target: "169.254.169.253" })],
    ["a question for another address", arpFrame("172.16.0.1")],
    ["a frame shorter than a header", Buffer.alloc(20)],
  ])("%s", (_, bytes) => {
    using wire = new MmdsGuest();
    wire.send(bytes);
    expect(wire.guest.tap.receiveAll()).toEqual([Uint8Array.from([...new Uint8Array(HEADER), ...bytes])]);
    expect(wire.guest.device.counters["mmdsRxFrames"]).toBe(0);
  });
});

test("an interface without the service hands its frames to the TAP", () => {
  using guest = NetGuest.started();
  const packet = Buffer.concat([new Uint8Array(HEADER), tcpFrame({ flags: "S" })]);
  guest.transmit(packet);
  expect(guest.tap.receiveAll()).toEqual([Uint8Array.from(packet)]);
  expect(guest.device.counters).not.toContainKey("mmdsRxFrames");
});

describe("answers wait for the guest's buffers", () => {
  test("without a turn spent, and come in order with the TAP's frames", () => {
    using wire = new MmdsGuest();
    const { guest } = wire;
    for (let i = 0; i < 50; i++) wire.send(arpFrame());
    wire.send(tcpFrame({ flags: "S" }));
    guest.tap.send(frame(100));
    expect(guest.turn()).toBe(0);
    guest.giveBuffers(3);
    expect(guest.rx.takeUsed().map(({ length }) => length)).toEqual([HEADER + 42, HEADER + 58, 100]);
  });

  test("and are cut into as many as it takes", () => {
    using wire = new MmdsGuest();
    const { guest } = wire;
    for (let i = 0; i < 8; i++) guest.rx.add({ address: RX_BUFFER + i * 8, length: 8, writable: true });
    guest.rx.kick();
    wire.send(arpFrame());
    expect(guest.rx.takeUsed().map(({ length }) => length)).toEqual([8, 8, 8, 8, 8, 8, 6]);
    const bytes = guest.bytes(RX_BUFFER, HEADER + 42).slice();
    expect(bytes[10]).toBe(7);
    expect(readFrame(bytes.subarray(HEADER)).arp?.operation).toBe(2);
  });

  test("also where there is room for the first half of one only", () => {
    using wire = new MmdsGuest();
    const { guest } = wire;
    guest.rx.add({ address: RX_BUFFER, length: 30, writable: true });
    guest.rx.kick();
    wire.send(arpFrame());
    expect(guest.rx.takeUsed()).toEqual([]);
    guest.rx.add({ address: RX_BUFFER + 30, length: 100, writable: true });
    guest.rx.kick();
    guest.turn();
    expect(guest.rx.takeUsed().map(({ length }) => length)).toEqual([30, 24]);
    expect(readFrame(guest.bytes(RX_BUFFER, 54).slice(HEADER)).arp?.operation).toBe(2);
  });
});

test("answers are limited like all that a guest receives", () => {
  const receive = new FakeAlarm();
  const rx_rate_limiter = { ops: { size: 2, refill_time: 1000, one_time_burst: 0 } };
  using wire = new MmdsGuest({ config: { rx_rate_limiter }, clocks: { receive: clockOf(receive) } });
  for (let port = 1; port <= 4; port++) wire.send(tcpFrame({ flags: "S", from: port }));
  expect(wire.receive()).toHaveLength(2);
  expect(wire.guest.device.counters.throttles).toBe(1);
  receive.time += 1e9;
  wire.ring();
  expect(wire.receive()).toHaveLength(2);
});

test("what a guest does not acknowledge is sent again, by the service's own alarm", () => {
  using wire = new MmdsGuest();
  wire.send(tcpFrame({ flags: "S" }));
  expect(wire.receive()).toHaveLength(1);
  expect(wire.alarm.rings).toBe(wire.alarm.time + 1e9);
  wire.alarm.time += 1.1e9;
  wire.ring();
  expect(wire.receive().map((bytes) => readFrame(bytes).tcp?.flags)).toEqual(["SA"]);
});

test("a driver that is reset finds no connection of the last one's, and a service that works", () => {
  using wire = new MmdsGuest();
  const old = wire.client().open();
  old.write(REQUEST);
  wire.guest.driver.reset();
  wire.guest.turn();
  wire.guest.start();
  wire.give(64);
  expect(wire.guest.rx.takeUsed()).toEqual([]);
  old.send({});
  expect(old.segments().map(({ flags }) => flags)).toEqual(["R"]);
  expect(wire.client(2).open().ask(REQUEST)).toEndWith(TEXT);
});

test("whatever packets and buffers a driver gives, the device goes on, and its neighbour never notices", () => {
  const packet = fc.constantFrom(
    arpFrame(),
    tcpFrame({ flags: "S", from: 7 }),
    tcpFrame({ flags: "S", from: 8, to: 9 }),
    tcpFrame({ flags: "PA", from: 7, payload: REQUEST }),
    tcpFrame({ flags: "R", from: 7 }),
  );
  const step = fc.oneof(
    fc.record({ packet, cut: fc.nat(70), cuts: fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 8 }) }),
    fc.record({ packet, grown: fc.nat(70_000) }),
    fc.record({ buffers: fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 }) }),
    fc.constant({ ring: true }),
    fc.constant({ start: true }),
  );
  using wire = new MmdsGuest();
  const { guest } = wire;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      for (const each of steps) {
        if ("cut" in each) {
          wire.cuts = each.cuts.toSorted((a, b) => a - b);
          wire.send(each.packet.subarray(0, each.packet.length - Math.min(each.cut, each.packet.length)));
        } else if ("grown" in each) {
          wire.cuts = [];
          wire.send(Buffer.concat([each.packet, Buffer.alloc(each.grown)]));
        } else if ("buffers" in each) {
          for (const length of each.buffers) guest.rx.add({ address: RX_BUFFER, length, writable: true });
          guest.rx.kick();
          guest.turn();
        } else if ("ring" in each) {
          wire.alarm.time += 5e9;
          wire.ring();
        } else {
          guest.driver.reset();
          guest.turn();
          guest.start();
        }
      }
      expect(guest.rig.reports).toEqual([]);
      guest.driver.reset();
      guest.turn();
      guest.start();
      guest.tap.receiveAll();
      guest.expectRecovery();
    }),
    { numRuns: 150 },
  );
});
