import { isForLater } from "../../../../ffi/error.ts";
import { IoVector } from "../../../../ffi/iovec.ts";
import { sendVector } from "../../../../ffi/socket.ts";
import type { DescriptorChain } from "../queue/chain.ts";
import { MAX_QUEUE_SIZE } from "../queue/layout.ts";
import type { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";
import type { Endings } from "./endings.ts";
import { readableData } from "./packet.ts";

/** The guest's data on its way to a Unix socket: from guest memory straight into it, by way of a backlog if it is full. */
export class ToHost {
  readonly #connections: Connections;
  readonly #endings: Endings;
  readonly #vector = new IoVector(MAX_QUEUE_SIZE);

  constructor(connections: Connections, endings: Endings) {
    this.#connections = connections;
    this.#endings = endings;
  }

  /** Passes a packet's data on. Its credit was checked, and the chain has as many bytes. */
  send(connection: Connection, chain: DescriptorChain, length: number): void {
    const { credit, socket } = connection;
    if (socket < 0) {
      credit.forward(length);
      return;
    }
    readableData(chain, length, this.#vector);
    let sent = 0;
    if (!connection.backlog) {
      sent = sendVector(socket, this.#vector);
      if (sent < 0 && !isForLater(sent)) {
        credit.forward(length);
        this.#endings.hostTakesNoMore(connection);
        return;
      }
      sent = Math.max(0, sent);
      credit.forward(sent);
    }
    if (sent < length) this.#keep(connection, sent);
    if (credit.isDue) this.#connections.hasNews(connection);
  }

  /** The socket has room again. */
  flush(connection: Connection): void {
    const { backlog, credit, socket } = connection;
    if (!backlog) return;
    while (backlog.length > 0) {
      backlog.list(this.#vector);
      const sent = sendVector(socket, this.#vector);
      if (sent < 0) {
        if (!isForLater(sent)) this.#endings.hostTakesNoMore(connection);
        break;
      }
      backlog.drop(sent);
      credit.forward(sent);
    }
    if (credit.isDue) this.#connections.hasNews(connection);
    if (!connection.backlog || backlog.length > 0) return;
    this.#connections.dropBacklog(connection);
    this.#connections.watchForRoom(connection, false);
    this.#endings.flushed(connection);
  }

  #keep(connection: Connection, from: number): void {
    const isFirst = !connection.backlog;
    connection.backlog ??= this.#connections.backlogs.take();
    if (connection.backlog) {
      connection.backlog.append(this.#vector, from);
      if (isFirst) this.#connections.watchForRoom(connection, true);
    } else this.#endings.reset(connection);
  }
}
