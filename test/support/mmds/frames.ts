/** Frames of a guest that talks to the metadata service, made and read by other means than the service's own. */

export const GUEST = { mac: [0x06, 0, 0xac, 0x10, 0, 2], ip: "172.16.0.2" } as const;
export const SERVICE = { mac: [0x06, 0x01, 0x23, 0x45, 0x67, 0x01], ip: "169.254.169.254", port: 80 } as const;

export interface TcpFields {
  readonly from?: number;
  readonly to?: number;
  readonly seq?: number;
  readonly ack?: number;
  /** Letters of SYN, FIN, RST, PSH, ACK: "SA". */
  readonly flags?: string;
  readonly window?: number;
  /** Bytes, as they are in the header: a multiple of 4. */
  readonly options?: readonly number[];
  readonly payload?: Uint8Array | string;
}

export interface Frame {
  readonly to: string;
  readonly from: string;
  readonly arp?: { readonly operation: number; readonly senderIp: string; readonly targetIp: string };
  readonly tcp?: Required<Omit<TcpFields, "payload">> & { readonly payload: string };
}

const LETTERS = "FSRPA";

/** A segment of the guest's, with all checksums unless `partial`: then TCP's is what a driver leaves to a device. */
export function tcpFrame(
  fields: TcpFields,
  { partial = false, ip = GUEST.ip, target = SERVICE.ip as string } = {},
): Buffer {
  const { from = 40_000, to = SERVICE.port, seq = 0, ack = 0, flags = "A", window = 64_240, options = [] } = fields;
  const payload = Buffer.from((fields.payload ?? "") as string);
  const tcp = Buffer.alloc(20 + options.length);
  tcp.writeUInt16BE(from, 0);
  tcp.writeUInt16BE(to, 2);
  tcp.writeUInt32BE(seq >>> 0, 4);
  tcp.writeUInt32BE(ack >>> 0, 8);
  tcp[12] = (tcp.length / 4) << 4;
  tcp[13] = [...flags].reduce((bits, letter) => bits | (1 << LETTERS.indexOf(letter)), 0);
  tcp.writeUInt16BE(window, 14);
  tcp.set(options, 20);
  const pseudo = Buffer.from([...bytesOf(ip), ...bytesOf(target), 0, 6, 0, 0]);
  pseudo.writeUInt16BE(tcp.length + payload.length, 10);
  tcp.writeUInt16BE(partial ? ~checksum(pseudo) & 0xffff : checksum(Buffer.concat([pseudo, tcp, payload])), 16);
  return ipFrame(6, Buffer.concat([tcp, payload]), ip, target);
}

export function ipFrame(
  protocol: number,
  payload: Uint8Array,
  ip: string = GUEST.ip,
  target: string = SERVICE.ip,
): Buffer {
  const header = Buffer.from([0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, protocol, 0, 0, ...bytesOf(ip), ...bytesOf(target)]);
  header.writeUInt16BE(20 + payload.length, 2);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([Buffer.from([...SERVICE.mac, ...GUEST.mac, 0x08, 0x00]), header, payload]);
}

/** "Who has the address?" */
export function arpFrame(target: string = SERVICE.ip, operation = 1): Buffer {
  const head = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ...GUEST.mac, 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, operation];
  return Buffer.from([...head, ...GUEST.mac, ...bytesOf(GUEST.ip), 0, 0, 0, 0, 0, 0, ...bytesOf(target)]);
}

/** Reads a frame of the service's, and throws where a guest would drop it. */
export function readFrame(bytes: Uint8Array): Frame {
  const frame = Buffer.from(bytes);
  const ends = { to: frame.subarray(0, 6).toString("hex"), from: frame.subarray(6, 12).toString("hex") };
  const type = frame.readUInt16BE(12);
  if (type === 0x0806) {
    const [operation, senderIp, targetIp] = [frame.readUInt16BE(20), textOf(frame, 28), textOf(frame, 38)];
    return { ...ends, arp: { operation, senderIp, targetIp } };
  }
  const ip = frame.subarray(14, 34);
  const total = ip.readUInt16BE(2);
  const tcp = frame.subarray(34, 14 + total);
  const pseudo = Buffer.from([...ip.subarray(12, 20), 0, 6, 0, 0]);
  pseudo.writeUInt16BE(tcp.length, 10);
  if (type !== 0x0800 || ip[0] !== 0x45 || ip[9] !== 6 || total + 14 !== frame.length) throw new Error("no TCP");
  if (checksum(ip) !== 0) throw new Error("IP's checksum is wrong");
  if (checksum(Buffer.concat([pseudo, tcp])) !== 0) throw new Error("TCP's checksum is wrong");
  const end = (tcp[12]! >> 4) * 4;
  return {
    ...ends,
    tcp: {
      from: tcp.readUInt16BE(0),
      to: tcp.readUInt16BE(2),
      seq: tcp.readUInt32BE(4),
      ack: tcp.readUInt32BE(8),
      flags: [...LETTERS].filter((_, i) => tcp[13]! & (1 << i)).join(""),
      window: tcp.readUInt16BE(14),
      options: [...tcp.subarray(20, end)],
      payload: tcp.subarray(end).toString(),
    },
  };
}

function checksum(bytes: Buffer): number {
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
  let sum = 0;
  for (let at = 0; at < even.length; at += 2) {
    sum += even.readUInt16BE(at);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return ~sum & 0xffff;
}

function bytesOf(ip: string): number[] {
  return ip.split(".").map(Number);
}

function textOf(frame: Buffer, at: number): string {
  return [...frame.subarray(at, at + 4)].join(".");
}
