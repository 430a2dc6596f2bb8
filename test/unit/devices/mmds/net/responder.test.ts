/** The host behind the service's address, as a guest on the same wire sees it. */
import { describe, expect, test } from "bun:test";
import { Client } from "../../../../support/mmds/client.ts";
import { arpFrame, GUEST, ipFrame, readFrame, SERVICE, tcpFrame } from "../../../../support/mmds/frames.ts";
import { get, read, ServiceRig } from "../support.ts";

const REQUEST = get("/latest/meta-data/ami-id");
const hex = (mac: readonly number[]) => Buffer.from(mac).toString("hex");

describe("frames that are for it", () => {
  test.each<[string, Buffer, boolean]>([
    ["a segment", tcpFrame({ flags: "S" }), true],
    ["a question for its address", arpFrame(), true],
    ["a ping", ipFrame(1, Buffer.alloc(8)), true],
    ["a datagram", ipFrame(17, Buffer.alloc(8)), true],
    ["a piece of a packet", fragment(), true],
    ["a segment to another address", tcpFrame({}, { target: "169.254.169.253" }), false],
    ["a question for another address", arpFrame("172.16.0.1"), false],
    ["IPv6", ofType(0x86dd), false],
    ["a tagged frame", ofType(0x8100), false],
    ["a frame with nothing in it", tcpFrame({}).subarray(0, 14), false],
    ["a question cut short", arpFrame().subarray(0, 41), false],
  ])("%s: it or not", (_, frame, isForIt) => {
    expect(new ServiceRig().offer(frame)).toBe(isForIt);
  });
});

describe("a question for its address", () => {
  test("is answered, to who asked", () => {
    const rig = new ServiceRig();
    rig.send(arpFrame());
    expect(rig.receive().map(readFrame)).toEqual([
      {
        to: hex(GUEST.mac),
        from: hex(SERVICE.mac),
        arp: { operation: 2, senderIp: SERVICE.ip, targetIp: GUEST.ip },
      },
    ]);
  });

  test("a thousand times, before there is room for an answer, is answered once", () => {
    const rig = new ServiceRig();
    for (let i = 0; i < 1000; i++) rig.send(arpFrame());
    expect(rig.receive()).toHaveLength(1);
  });

  test("that is none gets none", () => {
    const rig = new ServiceRig();
    const wrongKind = arpFrame();
    wrongKind[15] = 6;
    for (const frame of [arpFrame(SERVICE.ip, 2), wrongKind]) rig.send(frame);
    expect(rig.receive()).toEqual([]);
    expect(rig.counters.mmdsRxErrors).toBe(2);
  });
});

describe("what is no sound segment gets no answer:", () => {
  test.each<[string, (frame: Buffer) => Buffer]>([
    ["IP's checksum", (frame) => changed(frame, 24)],
    ["TCP's checksum", (frame) => changed(frame, 50)],
    ["a byte of the payload", (frame) => changed(frame, frame.length - 1)],
    ["a header longer than the segment", (frame) => changed(frame, 46, 0xf0)],
    ["a header shorter than any", (frame) => changed(frame, 46, 0x40)],
    ["a packet longer than the frame", (frame) => frame.subarray(0, -1)],
    ["IP's header cut short", (frame) => frame.subarray(0, 34)],
    ["another version of IP", (frame) => changed(frame, 14, 0x65)],
  ])("%s", (_, spoil) => {
    const rig = new ServiceRig();
    rig.send(spoil(tcpFrame({ flags: "S", payload: "x" })));
    expect(rig.receive()).toEqual([]);
    expect(rig.counters).toMatchObject({ mmdsRxErrors: 1, mmdsConnectionsCreated: 0 });
  });
});

test("a checksum that the driver left to the device is not looked at", () => {
  const rig = new ServiceRig();
  expect(rig.offer(tcpFrame({ flags: "S" }, { partial: true }), true)).toBe(true);
  expect(rig.receive().map((bytes) => readFrame(bytes).tcp!.flags)).toEqual(["SA"]);
});

describe("a connection", () => {
  test("begins with three segments, and says how long the peer's may be", () => {
    const rig = new ServiceRig();
    rig.send(tcpFrame({ flags: "S", seq: 0xffff_ffff, options: [1, 2, 4, 5, 180, 0, 0, 0] }));
    const [answer] = rig.receive().map(readFrame);
    expect(answer!.tcp).toMatchObject({ flags: "SA", ack: 0, window: 4096, options: [2, 4, 0x05, 0xb4] });
    expect({ to: answer!.to, from: answer!.from }).toEqual({ to: hex(GUEST.mac), from: hex(SERVICE.mac) });
  });

  test("begins anew where it was, when the SYN comes twice", () => {
    const rig = new ServiceRig();
    rig.send(tcpFrame({ flags: "S" }));
    rig.send(tcpFrame({ flags: "S" }));
    rig.receive();
    rig.send(tcpFrame({ flags: "S" }));
    const [again] = rig.receive().map(readFrame);
    expect(again!.tcp).toMatchObject({ flags: "SA", ack: 1 });
    expect(rig.counters.mmdsConnectionsCreated).toBe(1);
  });

  test("carries one request after the other", () => {
    const client = new ServiceRig().client();
    for (let i = 0; i < 5; i++) expect(read(client.ask(REQUEST)).body).toBe("ami-1");
  });

  test("carries requests that come in one segment, in order", () => {
    const client = new ServiceRig().client();
    const answers = client.ask(REQUEST + get("/nothing") + REQUEST);
    expect(answers.match(/HTTP\/1.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 404", "HTTP/1.1 200"]);
  });

  test("carries a request byte by byte", () => {
    const client = new ServiceRig().client();
    for (const letter of REQUEST.slice(0, -1)) {
      client.write(letter);
      expect(client.read()).toBe("");
    }
    client.write("\n");
    expect(read(client.read()).body).toBe("ami-1");
  });

  test("carries an answer longer than a segment and the window", () => {
    const text = "0123456789".repeat(5000);
    const rig = new ServiceRig({}, { document: { text } });
    const client = rig.client();
    client.window = 5000;
    expect(read(client.ask(get("/text"))).body).toBe(text);
    expect(rig.counters.mmdsTxFrames).toBeGreaterThan(34);
  });

  test.each([
    [1460, 1500, 1460],
    [1400, 1500, 1400],
    [9000, 9000, 1460],
    [9000, 1280, 1240],
    [1, 1500, 100],
    [0, 1500, 536],
  ])("has segments of the size that a peer (MSS %d) and its MTU (%d) take: %d", (mss, mtu, expected) => {
    const rig = new ServiceRig({}, { document: { text: "x".repeat(20_000) }, mtu });
    const client = new Client(rig).open(mss);
    client.write(get("/text"));
    expect(Math.max(...client.segments().map(({ payload }) => payload.length))).toBe(expected);
  });
});

describe("the end of a connection", () => {
  test("is the peer's to say, and is answered", () => {
    const rig = new ServiceRig();
    const client = rig.client();
    client.ask(REQUEST);
    client.close();
    client.read();
    expect(client.isAtEnd).toBe(true);
    expect(rig.counters).toMatchObject({ mmdsConnectionsCreated: 1, mmdsConnectionsDestroyed: 1 });
    expect(rig.receive()).toEqual([]);
  });

  test.each([
    ["HTTP/1.0", "GET /latest/meta-data/ami-id HTTP/1.0\r\n\r\n"],
    ["Connection: close", get("/latest/meta-data/ami-id", "Connection: close")],
  ])("follows the answer for %s", (_, request) => {
    const rig = new ServiceRig();
    const client = rig.client();
    expect(client.ask(request)).toContain("\r\nConnection: close\r\n");
    expect(client.isAtEnd).toBe(true);
    client.close();
    client.read();
    expect(rig.counters.mmdsConnectionsDestroyed).toBe(1);
  });

  test("may come with the request: it is answered first", () => {
    const client = new ServiceRig().client();
    client.send({ flags: "FPA", payload: REQUEST });
    client.seq += REQUEST.length + 1;
    expect(read(client.read()).body).toBe("ami-1");
    expect(client.isAtEnd).toBe(true);
  });

  test("by a RST is one at once, if it is the peer's own", () => {
    const rig = new ServiceRig();
    const client = rig.client();
    client.send({ flags: "R", seq: client.seq + 7 });
    expect(client.segments().map(({ flags }) => flags)).toEqual(["A"]);
    client.send({ flags: "R" });
    expect(rig.receive()).toEqual([]);
    expect(rig.counters.mmdsConnectionsDestroyed).toBe(1);
  });

  test("comes after a minute in which nothing is said", () => {
    const rig = new ServiceRig();
    const client = rig.client();
    rig.pass(59);
    expect(client.read()).toBe("");
    expect(client.isAtEnd).toBe(false);
    rig.pass(2);
    client.read();
    expect(client.isAtEnd).toBe(true);
    rig.pass(60);
    rig.receive();
    expect(rig.counters.mmdsConnectionsDestroyed).toBe(1);
    expect(rig.rings).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("a segment that belongs to no connection is refused:", () => {
  test.each([
    ["data", { flags: "A", seq: 5, ack: 77 }, { flags: "R", seq: 77, ack: 0 }],
    ["a SYN for a port where nobody is", { flags: "S", seq: 5, to: 81 }, { flags: "RA", seq: 0, ack: 6 }],
    ["a FIN without ACK", { flags: "F", seq: 5, payload: "abc" }, { flags: "RA", seq: 0, ack: 9 }],
  ])("%s", (_, fields, answer) => {
    const rig = new ServiceRig();
    rig.send(tcpFrame(fields));
    expect(rig.receive().map((bytes) => readFrame(bytes).tcp)).toMatchObject([answer]);
  });

  test("a RST is not", () => {
    const rig = new ServiceRig();
    rig.send(tcpFrame({ flags: "RA" }));
    expect(rig.receive()).toEqual([]);
  });
});

describe("what is lost on the way", () => {
  test("of ours is sent again when its time has come, and when three say that it is missing", () => {
    const rig = new ServiceRig({}, { document: { text: "x".repeat(10_000) } });
    const client = rig.client();
    client.write(get("/text"));
    const first = client.segments();
    rig.pass(1.1);
    expect(client.segments().map(({ seq }) => seq)).toEqual(first.map(({ seq }) => seq));
    client.ack = first[1]!.seq;
    for (let i = 0; i < 4; i++) client.send({});
    expect(client.segments()[0]!.seq).toBe(first[1]!.seq);
  });

  test("of the handshake is sent again", () => {
    const rig = new ServiceRig();
    rig.send(tcpFrame({ flags: "S" }));
    rig.receive();
    rig.pass(1.1);
    expect(rig.receive().map((bytes) => readFrame(bytes).tcp!.flags)).toEqual(["SA"]);
  });

  test("of a peer that is gone is given up, with a word", () => {
    const rig = new ServiceRig();
    const client = rig.client();
    client.write(REQUEST);
    const flags: string[] = [];
    for (let second = 0; second < 120; second++) {
      rig.pass(1);
      flags.push(...client.segments().map((segment) => segment.flags));
    }
    expect(flags.at(-1)).toBe("RA");
    expect(flags.length).toBeLessThan(15);
    expect(rig.counters.mmdsConnectionsDestroyed).toBe(1);
  });

  test("of the peer's comes again, in other pieces, and counts once", () => {
    const client = new ServiceRig().client();
    const [start, middle] = [client.seq, 20];
    client.send({ flags: "PA", seq: start + middle, payload: REQUEST.slice(middle) });
    // A gap: what is expected is said again.
    expect(client.segments()).toMatchObject([{ flags: "A", ack: start >>> 0 }]);
    client.send({ flags: "PA", payload: REQUEST.slice(0, 30) });
    client.send({ flags: "PA", seq: start + 10, payload: REQUEST.slice(10) });
    client.seq = start + REQUEST.length;
    expect(read(client.read()).body).toBe("ami-1");
    client.send({ flags: "PA", seq: start, payload: REQUEST });
    expect(client.segments()).toMatchObject([{ flags: "A", ack: client.seq >>> 0, payload: "" }]);
  });
});

describe("a peer whose window is shut", () => {
  test("gets nothing but a byte now and then, and all when it opens", () => {
    const rig = new ServiceRig();
    const client = rig.client();
    client.window = 0;
    client.write(REQUEST);
    expect(client.segments().map(({ payload }) => payload)).toEqual([""]);
    rig.pass(1.1);
    expect(client.segments().map(({ payload }) => payload)).toEqual(["H"]);
    client.window = 1000;
    client.send({});
    expect(read(client.read()).body).toBe("ami-1");
  });

  test("is asked for less than a minute, and then given up", () => {
    const rig = new ServiceRig();
    const client = rig.client();
    client.window = 0;
    client.write(REQUEST);
    client.segments();
    const payloads: string[] = [];
    for (let second = 0; second < 60; second++) {
      rig.pass(1);
      for (const { payload, flags } of client.segments()) {
        payloads.push(payload);
        client.wasReset ||= flags.includes("R");
        if (!client.wasReset) client.send({});
      }
    }
    expect(client.wasReset).toBe(true);
    expect(payloads).toEqual([..."HHHHHHHH", ""]);
  });
});

describe("connections are bounded", () => {
  const syn = (port: number) => tcpFrame({ flags: "S", from: port });

  test("a flood of SYNs holds thirty, and makes room for who means it", () => {
    const rig = new ServiceRig();
    for (let port = 1; port < 20_000; port++) {
      rig.send(syn(port));
      if (port % 100 === 0) rig.receive(3);
    }
    const { mmdsConnectionsCreated: made, mmdsConnectionsDestroyed: gone } = rig.counters;
    expect(made - gone).toBe(30);
    rig.receive();
    expect(read(new Client(rig, 50_000).open().ask(REQUEST)).body).toBe("ami-1");
  });

  test("one more than thirty that are in use is refused", () => {
    const rig = new ServiceRig();
    const clients = Array.from({ length: 30 }, () => rig.client());
    rig.send(syn(1));
    expect(rig.receive().map((bytes) => readFrame(bytes).tcp!.flags)).toEqual(["RA"]);
    expect(rig.counters.mmdsConnectionsRefused).toBe(1);
    for (const client of clients) expect(read(client.ask(REQUEST)).body).toBe("ami-1");
  });

  test("one that asks nothing for a while gives way", () => {
    const rig = new ServiceRig();
    const clients = Array.from({ length: 30 }, () => rig.client());
    rig.pass(2);
    clients.slice(1).forEach((client) => {
      client.ask(REQUEST);
    });
    expect(read(rig.ask(REQUEST)).body).toBe("ami-1");
    expect(rig.counters.mmdsConnectionsDestroyed).toBe(1);
  });

  test("answers to what belongs to none do not pile up", () => {
    const rig = new ServiceRig();
    for (let i = 0; i < 10_000; i++) rig.send(tcpFrame({ flags: "A", from: i }));
    expect(rig.receive().length).toBeLessThan(20);
  });

  test("each has its turn: an answer without end keeps none waiting", () => {
    const rig = new ServiceRig({}, { document: { text: "x".repeat(50_000), short: "s" } });
    const [long, short] = [rig.client(), rig.client()];
    long.write(get("/text"));
    short.write(get("/short"));
    const ports = rig.receive(4).map((bytes) => readFrame(bytes).tcp!.to);
    expect(ports).toEqual([long.port, short.port, long.port, long.port]);
  });
});

test("a reset forgets all: the next driver begins with nothing owed", () => {
  const rig = new ServiceRig();
  const client = rig.client();
  client.write(REQUEST);
  rig.send(arpFrame());
  rig.responder.reset();
  expect(rig.receive()).toEqual([]);
  client.send({});
  expect(client.segments().map(({ flags }) => flags)).toEqual(["R"]);
});

function changed(frame: Buffer, at: number, value = frame[at]! ^ 0x55): Buffer {
  const copy = Buffer.from(frame);
  copy[at] = value;
  return copy;
}

function ofType(type: number): Buffer {
  const frame = tcpFrame({});
  frame.writeUInt16BE(type, 12);
  return frame;
}

function fragment(): Buffer {
  const frame = tcpFrame({});
  frame[20] = 0x20;
  return frame;
}
