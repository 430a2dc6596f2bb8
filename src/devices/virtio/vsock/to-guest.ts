import { Errno } from "../../../../ffi/error.ts";
import { IoVector } from "../../../../ffi/iovec.ts";
import { receiveVector } from "../../../../ffi/socket.ts";
import { MAX_QUEUE_SIZE } from "../queue/layout.ts";
import type { Queue } from "../queue/queue.ts";
import { type Connection, Pending, Phase } from "./connection.ts";
import type { Connections } from "./connections.ts";
import type { VsockCounters } from "./counters.ts";
import { BUFFER_BYTES } from "./credit.ts";
import type { Endings } from "./endings.ts";
import { HEADER_BYTES, Op, PacketHeader } from "./packet.ts";
import { dataRoom, ReceiveBuffers } from "./receive-buffers.ts";
import type { Replies } from "./replies.ts";

/** Connections served, replies sent or useless buffers sent back in one turn, all together. */
const STEPS_A_TURN = 32;

/**
 * Packets for the guest, into the buffers of its receive queue. Each connection with news is served once, then the next one
 * has its turn: no connection starves another. Data stays in its Unix socket until there are both buffers and credit.
 */
export class ToGuest {
  readonly #guestCid: number;
  readonly #connections: Connections;
  readonly #endings: Endings;
  readonly #replies: Replies;
  readonly #counters: VsockCounters;
  readonly #buffers: ReceiveBuffers;
  readonly #header = new PacketHeader();
  readonly #vector = new IoVector(MAX_QUEUE_SIZE);

  constructor(guestCid: number, connections: Connections, endings: Endings, replies: Replies, counters: VsockCounters) {
    this.#guestCid = guestCid;
    this.#connections = connections;
    this.#endings = endings;
    this.#replies = replies;
    this.#counters = counters;
    this.#buffers = new ReceiveBuffers(counters);
  }

  /** The receive queue of a new driver, or none. */
  start(queue: Queue | undefined): void {
    this.#buffers.start(queue);
  }

  /** Delivers what there is, as far as buffers go. @returns whether there is more than a turn takes */
  deliver(): boolean {
    for (let steps = 0; steps < STEPS_A_TURN; steps++) {
      const connection = this.#replies.isEmpty ? this.#connections.firstWithNews() : undefined;
      if (!connection && this.#replies.isEmpty) return false;
      if (this.#buffers.take()) {
        if (connection) this.#serve(connection);
        else this.#reply();
      } else if (!this.#buffers.awaitMore()) return false;
    }
    return true;
  }

  #reply(): void {
    const header = this.#header;
    header.address(this.#guestCid, this.#replies.hostPort, this.#replies.guestPort, Op.RST);
    header.type = this.#replies.type;
    this.#replies.shift();
    this.#finish(0);
  }

  #serve(connection: Connection): void {
    this.#connections.shiftNews();
    this.#tell(connection);
    if (connection.hasNews) this.#connections.hasNews(connection);
  }

  /** One thing it has to say. What opens a connection goes first, then data, then what follows it. */
  #tell(connection: Connection): void {
    if (connection.pending & Pending.RST) this.#tellReset(connection);
    else if (connection.pending & Pending.REQUEST) this.#say(connection, Pending.REQUEST, Op.REQUEST);
    else if (connection.pending & Pending.RESPONSE) this.#say(connection, Pending.RESPONSE, Op.RESPONSE);
    else if (!this.#sendData(connection)) this.#tellRest(connection);
  }

  #tellRest(connection: Connection): void {
    // The end of the data may just have been seen.
    if (connection.pending & Pending.RST) this.#tellReset(connection);
    else if (connection.pending & Pending.SHUTDOWN) this.#tellShutdown(connection);
    else if (connection.pending & Pending.CREDIT_REQUEST) {
      this.#say(connection, Pending.CREDIT_REQUEST, Op.CREDIT_REQUEST);
    } else if (connection.pending & Pending.CREDIT_UPDATE || connection.credit.isDue) {
      this.#say(connection, Pending.CREDIT_UPDATE, Op.CREDIT_UPDATE);
    }
  }

  /** From its socket straight into buffers, one read for as many as it fills. @returns whether that was its turn */
  #sendData(connection: Connection): boolean {
    const most = connection.credit.available;
    if (connection.phase !== Phase.ESTABLISHED || !connection.isReadable || most === 0) return false;
    connection.pending &= ~Pending.CREDIT_REQUEST;
    const room = this.#buffers.listRoom(most, this.#vector);
    if (room === 0) {
      this.#buffers.refuse(); // it holds a header and nothing else
      return true;
    }
    const length = receiveVector(connection.socket, this.#vector);
    if (length <= 0) {
      this.#noData(connection, length);
      return false;
    }
    // A socket that gave less than it could have is empty. Its end is seen by reading on.
    if (length < room && !connection.isEnded) connection.isReadable = false;
    this.#packData(connection, length);
    if (connection.isReadable && connection.credit.available === 0) connection.pending |= Pending.CREDIT_REQUEST;
    return true;
  }

  /** Headers for data that is in its buffers already. */
  #packData(connection: Connection, length: number): void {
    this.#counters.rxBytes += length;
    this.#counters.bytes += length;
    connection.credit.send(length);
    for (let rest = length; rest > 0; ) {
      const data = Math.min(rest, dataRoom(this.#buffers.oldest));
      this.#start(connection, Op.RW);
      this.#header.length = data;
      this.#finish(data);
      rest -= data;
    }
  }

  #noData(connection: Connection, result: number): void {
    if (result === 0) this.#endings.hostSendsNoMore(connection);
    else if (result === -Errno.EAGAIN) connection.isReadable = false;
    else if (result !== -Errno.EINTR) this.#endings.reset(connection);
  }

  #tellReset(connection: Connection): void {
    this.#say(connection, Pending.RST, Op.RST);
    this.#endings.resetTold(connection);
  }

  #tellShutdown(connection: Connection): void {
    connection.toldShutdown = connection.hostShutdown;
    connection.pending &= ~Pending.SHUTDOWN;
    this.#start(connection, Op.SHUTDOWN);
    this.#header.flags = connection.hostShutdown;
    this.#finish(0);
  }

  /** A packet that is a header. */
  #say(connection: Connection, pending: number, op: number): void {
    connection.pending &= ~pending;
    this.#start(connection, op);
    this.#finish(0);
  }

  /** Every packet tells the guest its credit (5.10.6.3). */
  #start(connection: Connection, op: number): void {
    this.#header.address(this.#guestCid, connection.hostPort, connection.guestPort, op);
    this.#header.allocated = BUFFER_BYTES;
    this.#header.forwarded = connection.credit.tell();
  }

  #finish(data: number): void {
    this.#header.writeTo(this.#buffers.oldest);
    this.#counters.rxPackets++;
    this.#buffers.complete(HEADER_BYTES + data);
  }
}
