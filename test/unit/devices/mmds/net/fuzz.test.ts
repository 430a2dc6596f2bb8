/** What a hostile guest may send: nothing throws, nothing hangs, and what is kept and owed stays bounded. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Client } from "../../../../support/mmds/client.ts";
import { arpFrame, tcpFrame } from "../../../../support/mmds/frames.ts";
import { get, put, read, ServiceRig } from "../support.ts";

const REQUEST = get("/latest/meta-data/ami-id");
const MOST_CONNECTIONS = 30;
/** Whatever is owed at one moment: a full window for each connection, 64 KiB in the smallest segments, and small change. */
const MOST_OWED = MOST_CONNECTIONS * (65_536 / 100 + 2) + 20;

const number = fc.oneof(fc.nat(2 ** 32 - 1), fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1));
const text = fc.constantFrom(
  ...["", "x", "\r\n", "\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", REQUEST, "Content-Length: 9\r\n", "\0".repeat(5000)],
  put("/latest/api/token", "X-metadata-token-ttl-seconds: 60"),
);
const segment = fc.record({
  from: fc.integer({ min: 1, max: 40 }),
  to: fc.constantFrom(80, 80, 80, 81),
  flags: fc.subarray([..."FSRPA"]).map((letters) => letters.join("")),
  window: fc.oneof(fc.nat(65_535), fc.constantFrom(0, 1, 65_535)),
  options: fc.oneof(fc.constant([]), fc.array(fc.nat(255), { minLength: 4, maxLength: 4 })),
  payload: text,
  /** Near what is expected, or anywhere. */
  seq: fc.oneof(fc.integer({ min: -5000, max: 5000 }), number),
  ack: fc.oneof(fc.integer({ min: -3, max: 3000 }), number),
});
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ segment }) },
  { weight: 2, arbitrary: fc.record({ open: fc.integer({ min: 1, max: 40 }), mss: fc.nat(65_535) }) },
  { weight: 2, arbitrary: fc.record({ say: fc.nat(40), text }) },
  { weight: 2, arbitrary: fc.record({ take: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ pass: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ raw: fc.uint8Array({ maxLength: 1500 }) }) },
  { weight: 1, arbitrary: fc.record({ spoilt: segment, at: fc.nat(60), byte: fc.nat(255) }) },
  { weight: 1, arbitrary: fc.constant({ arp: true }) },
  { weight: 1, arbitrary: fc.constant({ reset: true }) },
);

test("whatever a guest sends, all is bounded, and an honest client is served after it", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const rig = new ServiceRig();
      const clients = new Map<number, Client>();
      const clientOf = (port: number) => clients.get(port);
      for (const each of steps) {
        if ("segment" in each) {
          const { seq, ack, ...rest } = each.segment;
          const client = clientOf(rest.from);
          rig.send(tcpFrame({ ...rest, seq: (client?.seq ?? 0) + seq, ack: (client?.ack ?? 0) + ack }));
        } else if ("open" in each) {
          rig.receive();
          clients.set(each.open, tryToOpen(rig, each.open, each.mss));
        } else if ("say" in each) clientOf(each.say)?.write(each.text);
        else if ("take" in each) rig.receive(each.take);
        else if ("pass" in each) rig.pass(each.pass);
        else if ("raw" in each) rig.offer(each.raw);
        else if ("spoilt" in each) {
          const frame = tcpFrame(each.spoilt);
          frame[Math.min(each.at, frame.length - 1)] = each.byte;
          rig.offer(frame, each.byte % 2 === 0);
        } else if ("arp" in each) rig.send(arpFrame());
        else rig.responder.reset();
        const { mmdsConnectionsCreated, mmdsConnectionsDestroyed } = rig.counters;
        expect(mmdsConnectionsCreated - mmdsConnectionsDestroyed).toBeLessThanOrEqual(MOST_CONNECTIONS);
      }
      expect(rig.receive().length).toBeLessThan(MOST_OWED);
      // Whoever is left is gone in two minutes, without a word from anybody; then nothing is waited for.
      for (let second = 0; second < 130; second++) {
        rig.pass(1);
        rig.receive();
      }
      expect(rig.counters.mmdsConnectionsDestroyed).toBe(rig.counters.mmdsConnectionsCreated);
      rig.pass(10);
      expect(rig.rings).toBe(Number.POSITIVE_INFINITY);
      expect(read(rig.ask(REQUEST)).body).toBe("ami-1");
    }),
    { numRuns: 400 },
  );
});

test("however a request is cut, doubled, mixed up and partly lost, it is answered once", () => {
  const pieces = fc.array(fc.record({ from: fc.nat(), length: fc.integer({ min: 1, max: 60 }) }), { maxLength: 20 });
  fc.assert(
    fc.property(pieces, (cuts) => {
      const rig = new ServiceRig();
      const client = rig.client();
      const start = client.seq;
      for (const { from, length } of cuts) {
        const at = from % REQUEST.length;
        client.send({ flags: "PA", seq: start + at, payload: REQUEST.slice(at, at + length) });
      }
      client.write(REQUEST);
      expect(read(client.read())).toEqual({ status: 200, body: "ami-1" });
      expect(rig.counters.mmdsRequests).toBe(1);
    }),
  );
});

test("whatever is lost on the way to the guest, and however small its window, an answer arrives whole", () => {
  const body = Array.from({ length: 4000 }, (_, i) => i).join(" ");
  fc.assert(
    fc.property(
      // After eight of one segment the service gives up.
      fc.uniqueArray(fc.nat(100), { maxLength: 7 }),
      fc.integer({ min: 1, max: 20_000 }),
      fc.integer({ min: 1, max: 2000 }),
      (losses, window, mss) => {
        const rig = new ServiceRig({}, { document: { body } });
        const client = new Client(rig).open(mss);
        client.window = Math.max(window, 300);
        client.write(get("/body"));
        let turn = 0;
        const all = rig.receive.bind(rig);
        rig.receive = (most) => all(most).filter(() => !losses.includes(turn++));
        for (let tries = 0; tries < 60 && !client.received.endsWith(" 3999"); tries++) {
          client.read();
          client.send({});
          rig.pass(1);
        }
        expect(read(client.received).body).toBe(body);
      },
    ),
    { numRuns: 100 },
  );
});

/** A handshake, as far as it comes. */
function tryToOpen(rig: ServiceRig, port: number, mss: number): Client {
  try {
    return new Client(rig, port, 1000).open(mss);
  } catch {
    return new Client(rig, port, 1000);
  }
}
