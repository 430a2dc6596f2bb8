import { EPOLL } from "../../../../ffi/epoll.ts";
import { Errno } from "../../../../ffi/error.ts";
import { closeSocket } from "../../../../ffi/socket.ts";
import { type Connection, Pending, Phase } from "./connection.ts";
import type { Connections } from "./connections.ts";
import type { VsockCounters } from "./counters.ts";
import { GREETING_MS, REQUEST_MS } from "./deadlines.ts";
import type { Endings } from "./endings.ts";
import { INCOMPLETE, takeGreeting, WRONG } from "./greeting.ts";
import type { HostSocket } from "./host-socket.ts";
import type { ToHost } from "./to-host.ts";

/** Programs accepted in one turn. */
const ACCEPTED_A_TURN = 32;

/** What programs of the host's do: they come, say which port they want, send, stop sending, go. */
export class FromHost {
  readonly #connections: Connections;
  readonly #endings: Endings;
  readonly #toHost: ToHost;
  readonly #counters: VsockCounters;
  readonly #host: HostSocket;
  /** Somebody may wait at the listener: epoll says so once. */
  #isAwaited = false;

  constructor(connections: Connections, endings: Endings, toHost: ToHost, counters: VsockCounters, host: HostSocket) {
    this.#connections = connections;
    this.#endings = endings;
    this.#toHost = toHost;
    this.#counters = counters;
    this.#host = host;
  }

  /** Notes what epoll said of a connection's socket. */
  mark(slot: number, events: number): void {
    const connection = this.#connections.at(slot);
    if (!connection) return;
    if (events & (EPOLL.IN | EPOLL.RDHUP | EPOLL.HUP | EPOLL.ERR) && !connection.isReadShut)
      connection.isReadable = true;
    if (events & (EPOLL.RDHUP | EPOLL.HUP)) connection.isEnded = true;
    if (events & EPOLL.HUP) connection.isHungUp = true;
  }

  /** Does what follows from it. */
  serve(slot: number): void {
    const connection = this.#connections.at(slot);
    if (!connection) return;
    if (connection.phase === Phase.GREETING) {
      this.#greet(connection);
      return;
    }
    this.#toHost.flush(connection);
    // What was over may have ended with that: its slot is another's.
    if (this.#connections.at(slot) !== connection) return;
    if (connection.isHungUp) this.#endings.hostHungUp(connection);
    this.#connections.hasNews(connection);
  }

  /**
   * Accepts programs that wait.
   * @param isReady epoll said so just now
   * @returns whether there may be more than a turn takes
   */
  accept(isReady: boolean): boolean {
    this.#isAwaited ||= isReady;
    for (let accepted = 0; this.#isAwaited; accepted++) {
      if (accepted === ACCEPTED_A_TURN) return true;
      const socket = this.#host.accept();
      if (socket >= 0) this.#welcome(socket);
      else if (socket === -Errno.EAGAIN) this.#isAwaited = false;
      // Out of descriptors or memory: it waits on, until something happens here that may have freed some.
      else if (socket !== -Errno.EINTR) return false;
    }
    return false;
  }

  checkDeadlines(): void {
    this.#connections.deadlines.check(this.#late);
  }

  /** Nobody is accepted for now; whoever waits is told of again when the listener is watched again. */
  rest(): void {
    this.#isAwaited = false;
  }

  readonly #late = (connection: Connection): void => this.#endings.reset(connection);

  #welcome(socket: number): void {
    if (this.#connections.isFull) {
      this.#counters.refused++;
      closeSocket(socket);
      return;
    }
    this.#connections.deadlines.set(this.#connections.add(socket), GREETING_MS);
  }

  #greet(connection: Connection): void {
    const port = takeGreeting(connection.socket, connection.isEnded);
    if (port === INCOMPLETE) return;
    if (port === WRONG) {
      this.#connections.remove(connection);
      return;
    }
    this.#connections.name(connection, this.#connections.freeHostPort(), port);
    connection.phase = Phase.REQUESTED;
    connection.pending = Pending.REQUEST;
    this.#connections.deadlines.set(connection, REQUEST_MS);
    this.#connections.hasNews(connection);
  }
}
