/** A guest with a socket device, programs of its host at Unix sockets, and an entropy device that must never notice. */
import { expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Errno } from "../../../../../ffi/error.ts";
import type { Fd } from "../../../../../ffi/fd.ts";
import {
  accept,
  closeSocket,
  connectTo,
  listenAt,
  receiveBytes,
  sendBytes,
  shutDown,
} from "../../../../../ffi/socket.ts";
import { VsockDevice, VsockQueue } from "../../../../../src/devices/virtio/vsock/device.ts";
import { HostSocket, openHostSocket } from "../../../../../src/devices/virtio/vsock/host-socket.ts";
import { Op } from "../../../../../src/devices/virtio/vsock/packet.ts";
import { GuestMemory } from "../../../../../src/memory/guest.ts";
import { MIB } from "../../../../../src/memory/regions.ts";
import { FakeDriver } from "../../../../support/virtio/driver.ts";
import type { DriverQueue } from "../../../../support/virtio/driver-queue.ts";
import { VirtioRig } from "../../../../support/virtio/rig.ts";
import { Neighbour, RUNNING } from "../support.ts";

export const CID = 42;
export const PORT = 1024;
const RAM = 16 * MIB;
const NEIGHBOUR_RINGS = 0x10_0000;
const NEIGHBOUR_BUFFER = 0x12_0000;
/** Free for a test's own. */
export const FREE = 0x20_0000;
const TX = 0x40_0000;
const TX_SLOT = 0x1_1000;
const TX_SLOTS = 32;
const RX = 0xa0_0000;
const RX_BYTES = 0x1000;
const RX_BUFFERS = 64;

export interface Packet {
  readonly op: number;
  readonly hostPort: number;
  readonly guestPort: number;
  readonly type?: number;
  readonly flags?: number;
  readonly allocated?: number;
  readonly forwarded?: number;
  readonly data?: Uint8Array;
  /** What the header says, if not what is behind it. */
  readonly length?: number;
  readonly sourceCid?: bigint;
  readonly destinationCid?: bigint;
}

export function header(packet: Packet): Uint8Array {
  const bytes = new Uint8Array(44);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, packet.sourceCid ?? BigInt(CID), true);
  view.setBigUint64(8, packet.destinationCid ?? 2n, true);
  view.setUint32(16, packet.guestPort, true);
  view.setUint32(20, packet.hostPort, true);
  view.setUint32(24, packet.length ?? packet.data?.length ?? 0, true);
  view.setUint16(28, packet.type ?? 1, true);
  view.setUint16(30, packet.op, true);
  view.setUint32(32, packet.flags ?? 0, true);
  view.setUint32(36, packet.allocated ?? 2 ** 18, true);
  view.setUint32(40, packet.forwarded ?? 0, true);
  return bytes;
}

/** A program of the host's, at one end of a Unix socket. */
export class HostProgram {
  readonly #socket: number;

  constructor(socket: number) {
    if (socket < 0) throw new Error(`no socket: errno ${-socket}`);
    this.#socket = socket;
  }

  /** @returns bytes taken */
  write(bytes: Uint8Array | string): number {
    return Math.max(0, sendBytes(this.#socket, Buffer.from(bytes)));
  }

  /** What there is to read; "end" and "reset" where there will be no more. */
  read(most = 1 << 20): Buffer | "end" | "reset" {
    const bytes = Buffer.alloc(most);
    const n = receiveBytes(this.#socket, bytes);
    if (n === 0) return "end";
    if (n === -Errno.ECONNRESET) return "reset";
    return bytes.subarray(0, Math.max(0, n));
  }

  /** All of it, as text. */
  text(): string {
    return this.read().toString();
  }

  shutDown(how: number): void {
    shutDown(this.#socket, how);
  }

  close(): void {
    closeSocket(this.#socket);
  }
}

/** The host's side, which may be out of descriptors. */
class PoorHost extends HostSocket {
  isPoor = false;

  override accept(): number {
    return this.isPoor ? -Errno.EMFILE : super.accept();
  }
}

export class VsockGuest implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "volt-vsock-"));
  readonly path = join(this.folder, "v.sock");
  readonly memory = GuestMemory.create(RAM);
  /** Milliseconds. */
  now = 1000;
  readonly rig: VirtioRig<VsockDevice>;
  readonly driver: FakeDriver;
  readonly #neighbour = new Neighbour(this.memory, NEIGHBOUR_RINGS, NEIGHBOUR_BUFFER);
  readonly #listeners: Fd[] = [];
  readonly #opened = openHostSocket(this.path);
  readonly host = new PoorHost(this.#opened);
  /** Where the receive buffer behind a head is. */
  readonly #buffers = new Map<number, number>();
  #sent = 0;

  constructor() {
    this.rig = new VirtioRig(new VsockDevice(CID, this.host, () => this.now), this.memory);
    this.driver = new FakeDriver(this.rig);
  }

  /** A running device with receive buffers. */
  static started(buffers = RX_BUFFERS): VsockGuest {
    const guest = new VsockGuest();
    guest.start(buffers);
    return guest;
  }

  start(buffers = RX_BUFFERS): void {
    this.#buffers.clear();
    this.driver.start();
    for (let i = 0; i < buffers; i++) this.#offer(RX + i * RX_BYTES);
    this.driver.queues[VsockQueue.RX]!.kick();
    this.rig.turn();
  }

  get counters() {
    return this.rig.device.counters;
  }
  get rx(): DriverQueue {
    return this.driver.queues[VsockQueue.RX]!;
  }
  get tx(): DriverQueue {
    return this.driver.queues[VsockQueue.TX]!;
  }

  /** Sends packets, and lets the device do all that comes of it. */
  send(...packets: readonly Packet[]): void {
    for (const packet of packets) {
      const at = TX + (this.#sent++ % TX_SLOTS) * TX_SLOT;
      this.memory.write(at, header(packet));
      const { data } = packet;
      if (data) this.memory.write(at + 0x1000, data.subarray(0, TX_SLOT - 0x1000));
      const buffers = [{ address: at, length: 44 }, ...(data ? [{ address: at + 0x1000, length: data.length }] : [])];
      this.tx.add(...buffers);
      this.tx.kick();
      this.rig.turn();
      this.tx.takeUsed();
    }
  }

  /** Packets the guest got since the last call; their buffers are offered again. */
  received(): (Required<Omit<Packet, "sourceCid" | "destinationCid">> & { readonly written: number })[] {
    this.rig.turn();
    const packets = this.rx.takeUsed().map(({ id, length }) => {
      const at = this.#buffers.get(id)!;
      const bytes = this.memory.view(at, RX_BYTES)!;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      expect(view.getBigUint64(0, true)).toBe(2n);
      expect(view.getBigUint64(8, true)).toBe(BigInt(CID));
      const data = bytes.slice(44, 44 + view.getUint32(24, true));
      this.#offer(at);
      return {
        hostPort: view.getUint32(16, true),
        guestPort: view.getUint32(20, true),
        length: view.getUint32(24, true),
        type: view.getUint16(28, true),
        op: view.getUint16(30, true),
        flags: view.getUint32(32, true),
        allocated: view.getUint32(36, true),
        forwarded: view.getUint32(40, true),
        data,
        written: length,
      };
    });
    if (packets.length > 0) {
      this.rx.kick();
      this.rig.turn();
    }
    return packets;
  }

  /** Only what each packet is for. */
  ops(): number[] {
    return this.received().map(({ op }) => op);
  }

  /** A program that listens for the guest on a port. @returns accepts the next connection */
  listen(port = PORT): () => HostProgram {
    const listener = listenAt(`${this.path}_${port}`, 128);
    this.#listeners.push(listener);
    return () => new HostProgram(accept(listener.number));
  }

  /** A program that comes to the device's own socket. */
  come(greeting = ""): HostProgram {
    const program = new HostProgram(connectTo(this.path));
    if (greeting) program.write(greeting);
    this.rig.turn();
    return program;
  }

  /** A connection the guest opened. */
  opened(guestPort = 5000, credit: Partial<Packet> = {}): HostProgram {
    const accepted = this.listen();
    this.send({ op: Op.REQUEST, hostPort: PORT, guestPort, ...credit });
    expect(this.received()).toMatchObject([{ op: Op.RESPONSE, hostPort: PORT, guestPort }]);
    return accepted();
  }

  /** A connection a program of the host's opened. */
  accepted(port = 52, credit: Partial<Packet> = {}): { readonly program: HostProgram; readonly hostPort: number } {
    const program = this.come(`CONNECT ${port}\n`);
    const [request] = this.received();
    expect(request).toMatchObject({ op: Op.REQUEST, guestPort: port });
    const { hostPort } = request!;
    this.send({ op: Op.RESPONSE, hostPort, guestPort: port, ...credit });
    expect(program.text()).toBe(`OK ${hostPort}\n`);
    return { program, hostPort };
  }

  /** The device goes on as it is: bytes pass both ways on a connection that is made now. */
  expectWorking(): void {
    expect(this.driver.status).toBe(RUNNING);
    this.received();
    const { program, hostPort } = this.accepted(7777);
    program.write("to the guest");
    const [packet] = this.received();
    expect(Buffer.from(packet!.data).toString()).toBe("to the guest");
    this.send({ op: Op.RW, hostPort, guestPort: 7777, data: Buffer.from("to the host") });
    expect(program.text()).toBe("to the host");
    this.send({ op: Op.RST, hostPort, guestPort: 7777 });
    expect(program.read()).toBe("end");
    program.close();
  }

  /** After a reset all is as if nothing had been, and the neighbour has gone on throughout. */
  expectRecovery(): void {
    this.driver.reset();
    this.rig.turn();
    expect(this.driver.status).toBe(0);
    this.start();
    this.expectWorking();
    this.#neighbour.expectUnharmed();
  }

  [Symbol.dispose](): void {
    this.driver.reset();
    this.rig.turn();
    this.rig.device.close();
    for (const listener of this.#listeners) listener.close();
    closeSocket(this.#opened.listener);
    closeSocket(this.#opened.folder);
    this.memory[Symbol.dispose]();
    rmSync(this.folder, { recursive: true });
  }

  #offer(address: number): void {
    this.#buffers.set(this.rx.add({ address, length: RX_BYTES, writable: true }), address);
  }
}

/** The ends of a connection of its own, and of one that nobody has. */
export const OF_GUEST = { hostPort: PORT, guestPort: 5000 };
export const STRANGER = { hostPort: 9, guestPort: 9 };

/** A guest with one connection. */
export function connected(): { readonly guest: VsockGuest; readonly program: HostProgram } {
  const guest = VsockGuest.started();
  return { guest, program: guest.opened() };
}
