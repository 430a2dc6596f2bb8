import { sendBytes } from "../../../../ffi/socket.ts";
import type { DescriptorChain } from "../queue/chain.ts";
import { type Connection, Pending, Phase } from "./connection.ts";
import type { Connections } from "./connections.ts";
import type { VsockCounters } from "./counters.ts";
import type { Endings } from "./endings.ts";
import { HEADER_BYTES, HOST_CID, MAX_DATA_BYTES, Op, PacketHeader, Shutdown, TYPE_STREAM } from "./packet.ts";
import type { Replies } from "./replies.ts";
import type { ToHost } from "./to-host.ts";

/** In place of a socket. */
const NONE = -1;

/** What packets lead to. */
export interface Effects {
  readonly connections: Connections;
  readonly endings: Endings;
  readonly toHost: ToHost;
  readonly replies: Replies;
  readonly counters: VsockCounters;
  /** A socket of the program that listens for this port, or minus errno. */
  readonly connect: (port: number) => number;
}

/**
 * The guest's packets. Any of them may be nonsense: one that names a connection and breaks its rules ends that connection
 * and no other; one that names none gets a reset; one that is not from this guest to its host gets nothing.
 */
export class FromGuest {
  readonly #guestCid: number;
  readonly #to: Effects;
  readonly #header = new PacketHeader();

  constructor(guestCid: number, effects: Effects) {
    this.#guestCid = guestCid;
    this.#to = effects;
  }

  /** Does what a packet asks for. @returns bytes written into the chain: none */
  readonly take = (chain: DescriptorChain): number => {
    const header = this.#header;
    const { counters, connections } = this.#to;
    if (!header.readFrom(chain) || !header.isBetween(this.#guestCid, HOST_CID)) {
      counters.errors++;
      return 0;
    }
    counters.txPackets++;
    const connection =
      header.type === TYPE_STREAM ? connections.find(header.destinationPort, header.sourcePort) : undefined;
    if (connection) this.#serve(connection, chain);
    else if (header.op === Op.REQUEST && header.type === TYPE_STREAM) this.#open();
    else this.#refuse();
    return 0;
  };

  #serve(connection: Connection, chain: DescriptorChain): void {
    const { op, allocated, forwarded } = this.#header;
    if (op === Op.RST) this.#wasReset(connection);
    // One that is over gets a reset already, which was not there yet when the guest sent this.
    if (op === Op.RST || connection.phase === Phase.OVER) return;
    connection.credit.learn(allocated, forwarded);
    this.#to.connections.hasNews(connection);
    if (connection.phase === Phase.ESTABLISHED) this.#act(connection, chain);
    else if (op === Op.RESPONSE) this.#establish(connection);
    else this.#isWrong(connection);
  }

  #act(connection: Connection, chain: DescriptorChain): void {
    const { endings } = this.#to;
    switch (this.#header.op) {
      case Op.RW:
        this.#data(connection, chain);
        break;
      case Op.SHUTDOWN:
        endings.guestShutDown(connection, this.#header.flags);
        break;
      case Op.CREDIT_REQUEST:
        connection.pending |= Pending.CREDIT_UPDATE;
        break;
      case Op.CREDIT_UPDATE:
        break;
      default:
        // A second request, an answer to none, an operation nobody knows.
        this.#isWrong(connection);
    }
  }

  #open(): void {
    const { sourcePort, destinationPort, allocated, forwarded } = this.#header;
    const { connections, counters, connect } = this.#to;
    if (connections.isFull) counters.refused++;
    const socket = connections.isFull ? NONE : connect(destinationPort);
    if (socket < 0) {
      this.#refuse();
      return;
    }
    const connection = connections.add(socket);
    connections.name(connection, destinationPort, sourcePort);
    connection.phase = Phase.ESTABLISHED;
    connection.credit.learn(allocated, forwarded);
    connection.pending = Pending.RESPONSE;
    connections.hasNews(connection);
    counters.guestConnections++;
  }

  /** The guest accepts what the host asked for: the program gets its line, and from then on data. */
  #establish(connection: Connection): void {
    const { connections, endings, counters } = this.#to;
    connections.deadlines.clear(connection);
    connection.phase = Phase.ESTABLISHED;
    counters.hostConnections++;
    const line = Buffer.from(`OK ${connection.hostPort}\n`);
    if (sendBytes(connection.socket, line) !== line.length) endings.reset(connection);
  }

  #data(connection: Connection, chain: DescriptorChain): void {
    const { toHost, counters } = this.#to;
    const { length } = this.#header;
    const isSound =
      length <= MAX_DATA_BYTES &&
      length <= chain.readableBytes - HEADER_BYTES &&
      (connection.guestShutdown & Shutdown.SEND) === 0;
    if (isSound && connection.credit.receive(length)) {
      counters.txBytes += length;
      counters.bytes += length;
      if (length > 0) toHost.send(connection, chain, length);
    } else this.#isWrong(connection);
  }

  /** The packet breaks its connection's rules. */
  #isWrong(connection: Connection): void {
    this.#to.counters.errors++;
    this.#to.endings.reset(connection);
  }

  /** The guest lets go. Bytes it sent before it was done still reach the host; those of a connection it breaks do not. */
  #wasReset(connection: Connection): void {
    const { connections } = this.#to;
    if (connection.phase === Phase.OVER && connection.backlog) {
      connections.unname(connection);
      connection.pending = 0;
    } else connections.remove(connection);
  }

  /** A reset for whoever sent this, unless it was one. */
  #refuse(): void {
    const { op, destinationPort, sourcePort, type } = this.#header;
    if (op === Op.RST) return;
    if (!this.#to.replies.push(destinationPort, sourcePort, type)) this.#to.counters.droppedReplies++;
  }
}
