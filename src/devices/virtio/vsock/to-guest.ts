import { Errno } from "../../../../ffi/error.ts";
import { IoVector } from "../../../../ffi/iovec.ts";
import { receiveVector } from "../../../../ffi/socket.ts";
import { DescriptorChain } from "../queue/chain.ts";
import { MAX_QUEUE_SIZE } from "../queue/layout.ts";
import type { Queue } from "../queue/queue.ts";
import { type Connection, Pending, Phase } from "./connection.ts";
import type { Connections } from "./connections.ts";
import type { VsockCounters } from "./counters.ts";
import { BUFFER_BYTES } from "./credit.ts";
import type { Endings } from "./endings.ts";
import { HEADER_BYTES, MAX_DATA_BYTES, Op, PacketHeader, writableData } from "./packet.ts";
import type { Replies } from "./replies.ts";

/** Buffers in one turn, used or useless, all connections together. */
const STEPS_A_TURN = 64;
/** The buffer can't hold a byte of data. */
const TOO_SHORT = -1;

/**
 * Packets for the guest, into the buffers of its receive queue. Each connection with news gets one packet, then the next
 * one has its turn: no connection starves another. Data stays in its Unix socket until there are both a buffer and credit.
 */
export class ToGuest {
  readonly #guestCid: number;
  readonly #connections: Connections;
  readonly #endings: Endings;
  readonly #replies: Replies;
  readonly #counters: VsockCounters;
  readonly #header = new PacketHeader();
  readonly #vector = new IoVector(MAX_QUEUE_SIZE);
  readonly #chain = new DescriptorChain();
  /** `#chain` is a buffer that was taken and not used yet. */
  #hasBuffer = false;
  #queue: Queue | undefined;

  constructor(guestCid: number, connections: Connections, endings: Endings, replies: Replies, counters: VsockCounters) {
    this.#guestCid = guestCid;
    this.#connections = connections;
    this.#endings = endings;
    this.#replies = replies;
    this.#counters = counters;
  }

  /** The receive queue of a new driver, or none. */
  start(queue: Queue | undefined): void {
    this.#queue = queue;
    this.#hasBuffer = false;
    queue?.suspendNotifications();
  }

  /** Delivers what there is, as far as buffers go. @returns whether there is more than a turn takes */
  deliver(): boolean {
    const queue = this.#queue;
    if (!queue) return false;
    for (let steps = 0; steps < STEPS_A_TURN; steps++) {
      const connection = this.#replies.isEmpty ? this.#connections.firstWithNews() : undefined;
      if (!connection && this.#replies.isEmpty) return false;
      if (this.#takeBuffer(queue)) {
        if (connection) this.#serve(connection);
        else this.#reply();
      } else if (!queue.resumeNotifications()) return false; // a kick will come
    }
    return true;
  }

  /** A buffer with room for a header, if the next one is. Shorter ones go back. */
  #takeBuffer(queue: Queue): boolean {
    if (this.#hasBuffer) return true;
    if (!queue.next(this.#chain)) return false;
    this.#hasBuffer = this.#chain.writableBytes >= HEADER_BYTES;
    if (!this.#hasBuffer) this.#giveBack();
    return this.#hasBuffer;
  }

  #giveBack(): void {
    this.#counters.shortBuffers++;
    this.#complete(0);
  }

  #complete(written: number): void {
    this.#hasBuffer = false;
    this.#queue?.complete(this.#chain.head, written);
  }

  #reply(): void {
    const header = this.#header;
    header.address(this.#guestCid, this.#replies.hostPort, this.#replies.guestPort, Op.RST);
    header.type = this.#replies.type;
    header.writeTo(this.#chain);
    this.#counters.rxPackets++;
    this.#replies.shift();
    this.#complete(HEADER_BYTES);
  }

  /** One packet of this connection's, if it turns out to have one. */
  #serve(connection: Connection): void {
    this.#connections.shiftNews();
    const written = this.#write(connection);
    if (written === TOO_SHORT) this.#giveBack();
    else if (written > 0) {
      this.#counters.rxPackets++;
      this.#complete(written);
    }
    if (connection.hasNews) this.#connections.hasNews(connection);
  }

  /** What opens a connection goes first, then data, then what follows it. @returns bytes written, 0: nothing to say */
  #write(connection: Connection): number {
    if (connection.pending & Pending.RST) return this.#writeReset(connection);
    if (connection.pending & Pending.REQUEST) return this.#say(connection, Pending.REQUEST, Op.REQUEST);
    if (connection.pending & Pending.RESPONSE) return this.#say(connection, Pending.RESPONSE, Op.RESPONSE);
    const data = this.#writeData(connection);
    if (data !== 0) return data;
    if (connection.pending & Pending.RST) return this.#writeReset(connection);
    if (connection.pending & Pending.SHUTDOWN) return this.#writeShutdown(connection);
    if (connection.pending & Pending.CREDIT_REQUEST) {
      return this.#say(connection, Pending.CREDIT_REQUEST, Op.CREDIT_REQUEST);
    }
    if (connection.pending & Pending.CREDIT_UPDATE || connection.credit.isDue) {
      return this.#say(connection, Pending.CREDIT_UPDATE, Op.CREDIT_UPDATE);
    }
    return 0;
  }

  #writeData(connection: Connection): number {
    const { credit } = connection;
    const most = Math.min(credit.available, MAX_DATA_BYTES);
    if (connection.phase !== Phase.ESTABLISHED || !connection.isReadable || most === 0) return 0;
    connection.pending &= ~Pending.CREDIT_REQUEST;
    const room = Math.min(this.#chain.writableBytes - HEADER_BYTES, most);
    if (room === 0) return TOO_SHORT;
    writableData(this.#chain, room, this.#vector);
    const length = receiveVector(connection.socket, this.#vector);
    if (length <= 0) return this.#noData(connection, length);
    // A socket that gave less than it could have is empty. Its end is seen by reading on.
    if (length < room && !connection.isEnded) connection.isReadable = false;
    credit.send(length);
    if (connection.isReadable && credit.available === 0) connection.pending |= Pending.CREDIT_REQUEST;
    this.#counters.rxBytes += length;
    this.#counters.bytes += length;
    this.#start(connection, Op.RW);
    this.#header.length = length;
    return this.#finish(length);
  }

  #noData(connection: Connection, result: number): number {
    if (result === 0) this.#endings.hostSendsNoMore(connection);
    else if (result === -Errno.EAGAIN) connection.isReadable = false;
    else if (result !== -Errno.EINTR) this.#endings.reset(connection);
    return 0;
  }

  #writeReset(connection: Connection): number {
    const written = this.#say(connection, Pending.RST, Op.RST);
    this.#endings.resetTold(connection);
    return written;
  }

  #writeShutdown(connection: Connection): number {
    connection.toldShutdown = connection.hostShutdown;
    connection.pending &= ~Pending.SHUTDOWN;
    this.#start(connection, Op.SHUTDOWN);
    this.#header.flags = connection.hostShutdown;
    return this.#finish(0);
  }

  /** A packet that is a header. */
  #say(connection: Connection, pending: number, op: number): number {
    connection.pending &= ~pending;
    this.#start(connection, op);
    return this.#finish(0);
  }

  /** Every packet tells the guest its credit (5.10.6.3). */
  #start(connection: Connection, op: number): void {
    this.#header.address(this.#guestCid, connection.hostPort, connection.guestPort, op);
    this.#header.allocated = BUFFER_BYTES;
    this.#header.forwarded = connection.credit.tell();
  }

  #finish(data: number): number {
    this.#header.writeTo(this.#chain);
    return HEADER_BYTES + data;
  }
}
