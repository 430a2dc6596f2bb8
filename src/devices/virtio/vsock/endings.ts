import { SHUT, shutDown } from "../../../../ffi/socket.ts";
import { type Connection, Pending, Phase } from "./connection.ts";
import type { Connections } from "./connections.ts";
import type { VsockCounters } from "./counters.ts";
import { CLOSE_MS } from "./deadlines.ts";
import { Shutdown } from "./packet.ts";

/**
 * How connections end. Each direction ends by itself: a program that says "no more from me" still gets what the other has
 * to say, and what was said before arrives.
 */
export class Endings {
  readonly #connections: Connections;
  readonly #counters: VsockCounters;

  constructor(connections: Connections, counters: VsockCounters) {
    this.#connections = connections;
    this.#counters = counters;
  }

  /** Ends both directions at once, whoever did wrong: the guest gets a reset, the host an end. */
  reset(connection: Connection): void {
    this.#counters.resets++;
    this.#connections.hangUp(connection);
    if (connection.phase === Phase.GREETING) this.#connections.remove(connection);
    else this.#becomeOver(connection);
  }

  /** The guest says what it will not do any more. Bits it had set stay set, whatever it says later (5.10.6.5). */
  guestShutDown(connection: Connection, flags: number): void {
    connection.guestShutdown |= flags & Shutdown.BOTH;
    this.#settle(connection);
  }

  /** The host's program sends no more. */
  hostSendsNoMore(connection: Connection): void {
    connection.isReadable = false;
    connection.hostShutdown |= connection.isHungUp ? Shutdown.BOTH : Shutdown.SEND;
    this.#settle(connection);
  }

  /** The host's program takes no more: what waits for it is nobody's. It may have sent something before it left. */
  hostTakesNoMore(connection: Connection): void {
    this.#connections.dropBacklog(connection);
    connection.hostShutdown |= Shutdown.RECEIVE;
    this.#settle(connection);
  }

  /** The host's program is gone. What it sent before is still to be read. */
  hostHungUp(connection: Connection): void {
    if (connection.phase === Phase.REQUESTED) this.reset(connection);
    else if (connection.phase === Phase.OVER || connection.isReadShut) {
      connection.hostShutdown = Shutdown.BOTH;
      this.hostTakesNoMore(connection);
    } else if (connection.hostShutdown & Shutdown.SEND) this.hostTakesNoMore(connection);
  }

  /** The host's program has everything that waited for it. */
  flushed(connection: Connection): void {
    this.#settle(connection);
  }

  /** The guest was told of the reset: its port is free for another connection. */
  resetTold(connection: Connection): void {
    this.#connections.unname(connection);
    this.#finish(connection);
  }

  #settle(connection: Connection): void {
    if (connection.phase === Phase.OVER) this.#finish(connection);
    else if (connection.guestShutdown === Shutdown.BOTH) this.#becomeOver(connection);
    else this.#settleHalves(connection);
  }

  #settleHalves(connection: Connection): void {
    this.#shutSocket(connection);
    // Both have said all: nothing is left to receive either.
    if (connection.isWriteShut && connection.hostShutdown & Shutdown.SEND) connection.hostShutdown = Shutdown.BOTH;
    if (connection.hostShutdown !== connection.toldShutdown) connection.pending |= Pending.SHUTDOWN;
    if (connection.hostShutdown === Shutdown.BOTH && connection.socket >= 0) {
      this.#connections.hangUp(connection);
      this.#connections.deadlines.set(connection, CLOSE_MS);
    }
    this.#connections.hasNews(connection);
  }

  /** Passes on to the Unix socket what the guest said; its end once it has all that was sent before. */
  #shutSocket(connection: Connection): void {
    const { guestShutdown, backlog, socket } = connection;
    if (socket < 0) return;
    if (guestShutdown & Shutdown.SEND && !backlog && !connection.isWriteShut) {
      shutDown(socket, SHUT.WR);
      connection.isWriteShut = true;
    }
    if (guestShutdown & Shutdown.RECEIVE && !connection.isReadShut) {
      shutDown(socket, SHUT.RD);
      connection.isReadShut = true;
      connection.isReadable = false;
    }
  }

  #becomeOver(connection: Connection): void {
    connection.phase = Phase.OVER;
    connection.pending = Pending.RST;
    this.#connections.deadlines.clear(connection);
    this.#connections.hasNews(connection);
    this.#finish(connection);
  }

  /**
   * A connection that is over lets go of its socket when the host has all the bytes, however long that takes: the guest's
   * program was told that they were sent. It goes when the guest has its reset too.
   */
  #finish(connection: Connection): void {
    if (connection.backlog) return;
    this.#connections.hangUp(connection);
    if (connection.pending === 0) this.#connections.remove(connection);
  }
}
