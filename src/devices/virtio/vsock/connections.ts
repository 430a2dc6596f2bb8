import { EPOLL, type Epoll } from "../../../../ffi/epoll.ts";
import { closeSocket } from "../../../../ffi/socket.ts";
import { BacklogPool } from "./backlog.ts";
import { Connection } from "./connection.ts";
import { Deadlines } from "./deadlines.ts";

/** Connections at once, Firecracker's number. Each costs the host a descriptor and its socket's memory. */
export const MOST_CONNECTIONS = 1023;
/** Ports of connections the host opened: far above those programs of the host's have names for (`PATH_PORT`). */
export const FIRST_HOST_PORT = 2 ** 30;
const END_HOST_PORT = 2 ** 31;

/** Only when the host's program can take more: asked for while there is a backlog. */
const ALWAYS = EPOLL.IN + EPOLL.RDHUP + EPOLL.EDGE;
const WITH_ROOM = ALWAYS + EPOLL.OUT;

/** All connections of a device: found by their slot, by their ports, and in the order in which they have news. */
export class Connections {
  readonly backlogs = new BacklogPool();
  readonly deadlines: Deadlines;
  count = 0;
  readonly #epoll: Epoll;
  readonly #firstToken: number;
  readonly #slots: (Connection | undefined)[] = new Array(MOST_CONNECTIONS).fill(undefined);
  readonly #free = Array.from({ length: MOST_CONNECTIONS }, (_, i) => MOST_CONNECTIONS - 1 - i);
  /** By the host's port, then by the guest's. */
  readonly #byPorts = new Map<number, Map<number, Connection>>();
  #nextHostPort = FIRST_HOST_PORT;
  /** Slots with news, first come first served, each at most once; a slot may have become empty, or another's. */
  readonly #news = new Uint16Array(MOST_CONNECTIONS);
  readonly #isQueued = new Uint8Array(MOST_CONNECTIONS);
  #firstNews = 0;
  #newsCount = 0;

  /** @param firstToken that of slot 0 in the epoll */
  constructor(epoll: Epoll, firstToken: number, now: () => number) {
    this.#epoll = epoll;
    this.#firstToken = firstToken;
    this.deadlines = new Deadlines(this.#slots, now);
  }

  get isFull(): boolean {
    return this.count === MOST_CONNECTIONS;
  }

  /** Takes a socket on: there must be a slot. @throws SystemError when the host can't watch it; it is closed then */
  add(socket: number): Connection {
    const slot = this.#free.at(-1)!;
    try {
      this.#epoll.add(socket, ALWAYS, this.#firstToken + slot);
    } catch (error) {
      closeSocket(socket);
      throw error;
    }
    this.#free.pop();
    this.count++;
    const connection = new Connection(slot, socket);
    this.#slots[slot] = connection;
    return connection;
  }

  /** Gives it the ports that packets name it by. They must be free. */
  name(connection: Connection, hostPort: number, guestPort: number): void {
    connection.hostPort = hostPort;
    connection.guestPort = guestPort;
    const guestPorts = this.#byPorts.get(hostPort);
    if (guestPorts) guestPorts.set(guestPort, connection);
    else this.#byPorts.set(hostPort, new Map([[guestPort, connection]]));
  }

  /** From here on its ports are another's to use. */
  unname(connection: Connection): void {
    const guestPorts = this.#byPorts.get(connection.hostPort);
    if (guestPorts?.get(connection.guestPort) !== connection) return;
    guestPorts.delete(connection.guestPort);
    if (guestPorts.size === 0) this.#byPorts.delete(connection.hostPort);
  }

  find(hostPort: number, guestPort: number): Connection | undefined {
    return this.#byPorts.get(hostPort)?.get(guestPort);
  }

  at(slot: number): Connection | undefined {
    return this.#slots[slot];
  }

  /** A port no connection has: there are a million times as many as connections. */
  freeHostPort(): number {
    for (;;) {
      const port = this.#nextHostPort++;
      if (this.#nextHostPort === END_HOST_PORT) this.#nextHostPort = FIRST_HOST_PORT;
      if (!this.#byPorts.has(port)) return port;
    }
  }

  /** There may be something of it for the guest. */
  hasNews(connection: Connection): void {
    const { slot } = connection;
    if (this.#isQueued[slot] === 1) return;
    this.#isQueued[slot] = 1;
    this.#news[(this.#firstNews + this.#newsCount++) % MOST_CONNECTIONS] = slot;
  }

  /** Whose turn it is. @returns undefined when nobody has news */
  firstWithNews(): Connection | undefined {
    while (this.#newsCount > 0) {
      const connection = this.#slots[this.#news[this.#firstNews]!];
      if (connection?.hasNews) return connection;
      this.shiftNews();
    }
    return undefined;
  }

  /** Its turn is over. */
  shiftNews(): void {
    this.#isQueued[this.#news[this.#firstNews]!] = 0;
    this.#firstNews = (this.#firstNews + 1) % MOST_CONNECTIONS;
    this.#newsCount--;
  }

  /** It has a backlog, or no more: epoll is to say when there is room. */
  watchForRoom(connection: Connection, isWanted: boolean): void {
    const events = isWanted ? WITH_ROOM : ALWAYS;
    this.#epoll.modify(connection.socket, events, this.#firstToken + connection.slot);
  }

  /** Forgets its Unix socket, and bytes that wait for it: its program sees the end. */
  hangUp(connection: Connection): void {
    if (connection.socket >= 0) closeSocket(connection.socket);
    connection.socket = -1;
    connection.isReadable = false;
    this.dropBacklog(connection);
  }

  dropBacklog(connection: Connection): void {
    const { backlog, credit } = connection;
    if (!backlog) return;
    connection.backlog = undefined;
    credit.forward(backlog.length);
    this.backlogs.give(backlog);
  }

  /** Forgets it altogether, once: a slot that was given back twice would be two connections'. */
  remove(connection: Connection): void {
    if (this.#slots[connection.slot] !== connection) return;
    this.hangUp(connection);
    this.unname(connection);
    connection.pending = 0;
    this.#slots[connection.slot] = undefined;
    this.#free.push(connection.slot);
    this.count--;
  }

  clear(): void {
    for (const connection of this.#slots) if (connection) this.remove(connection);
  }
}
