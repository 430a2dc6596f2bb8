/** The API's socket: HTTP over a Unix socket, without Bun's event loop, which does not turn while a machine runs. */
import { EPOLL, Epoll } from "../../ffi/epoll.ts";
import { Fd } from "../../ffi/fd.ts";
import { accept, closeSocket, sendBytes } from "../../ffi/socket.ts";
import { Connection } from "./connection.ts";
import type { HttpRequest } from "./http/request.ts";
import { encodeTooMany, type HttpResponse } from "./http/response.ts";
import type { PlannedApi } from "./planned.ts";
import type { Later } from "./router.ts";
import { type Stream, StreamConnection } from "./stream.ts";

/** Firecracker's bound. */
export const MAX_CONNECTIONS = 10;
/** Clients that listen to a stream, beside those: many readers of a console must not keep out who controls the VM. */
export const MAX_STREAMS = 16;
/** Clients over the bound that are told so in one turn: a flood must not keep the thread from the devices. */
const REFUSALS_A_TURN = 16;
const LISTENER_TOKEN = 0;
/** The slots' tokens follow the listener's, those of the streams follow these. */
const FIRST_STREAM_TOKEN = 1 + MAX_CONNECTIONS;

const TOO_MANY_STREAMS: HttpResponse = {
  status: 503,
  body: JSON.stringify({ fault_message: `volt has ${MAX_STREAMS} listeners already: let one go.` }),
};

/** @returns the answer, or what takes it when it is there; undefined when it comes by `answerWaiting` */
export type Handler = (request: HttpRequest) => HttpResponse | Later | undefined;

export class ApiServer {
  readonly #listener: number;
  readonly #maxBodyBytes: number;
  readonly #handle: Handler;
  readonly #epoll: Epoll;
  /** By their tokens: 1 more than the slot. */
  readonly #slots: (Connection | undefined)[] = new Array(MAX_CONNECTIONS).fill(undefined);
  readonly #streams: (StreamConnection | undefined)[] = new Array(MAX_STREAMS).fill(undefined);
  /** What the request of this turn is answered by. */
  #stream: Stream | undefined;

  /** @param handle may throw: the client then hears of an internal error @param epoll for its use alone */
  constructor({ listener, maxBodyBytes, connections }: PlannedApi, handle: Handler, epoll = new Epoll("the API")) {
    this.#epoll = epoll;
    this.#listener = listener;
    this.#maxBodyBytes = maxBodyBytes;
    this.#handle = handle;
    this.#epoll.add(listener, EPOLL.IN, LISTENER_TOKEN);
    for (const planned of connections) this.#enter(new Connection(planned.fd, maxBodyBytes, planned));
  }

  /** A descriptor that is readable while there is something to do. */
  get fd(): number {
    return this.#epoll.number;
  }

  /** Waits for something to do. */
  wait(timeoutMs: number): void {
    this.#epoll.wait(timeoutMs);
  }

  /** Has one turn: at most one request of each client. Never throws: no client ends the machine. */
  ready(): void {
    const count = this.#epoll.wait(0);
    const ready = Array.from({ length: count }, (_, i) => [this.#epoll.token(i), this.#epoll.events(i)] as const);
    for (const [token, events] of ready) {
      if (token === LISTENER_TOKEN) this.#acceptAll();
      else if (token >= FIRST_STREAM_TOKEN) this.#streamTurn(token - FIRST_STREAM_TOKEN, events);
      else this.#turn(token);
    }
  }

  /** Answers the requests that wait for it. */
  answerWaiting(response: HttpResponse): void {
    this.#slots.forEach((connection, slot) => {
      if (connection?.waits) this.#settle(slot, connection.answer(response));
    });
  }

  /** What another server needs to go on: on the far side of an exec. */
  plan(): PlannedApi {
    const connections = this.#slots.flatMap((connection) => connection?.plan() ?? []);
    for (const fd of [this.#listener, ...connections.map((one) => one.fd)]) new Fd(fd, "the API").setInherited(true);
    return { listener: this.#listener, maxBodyBytes: this.#maxBodyBytes, connections };
  }

  #acceptAll(): void {
    for (let refused = 0; refused < REFUSALS_A_TURN; ) {
      const fd = accept(this.#listener);
      if (fd < 0) return;
      if (this.#enter(new Connection(fd, this.#maxBodyBytes))) continue;
      refused++;
      sendBytes(fd, encodeTooMany());
      closeSocket(fd);
    }
  }

  #enter(connection: Connection): boolean {
    const slot = this.#slots.indexOf(undefined);
    if (slot < 0) return false;
    this.#slots[slot] = connection;
    this.#epoll.add(connection.fd, connection.events, slot + 1);
    return true;
  }

  #turn(token: number): void {
    const slot = token - 1;
    const connection = this.#slots[slot];
    if (!connection) return;
    this.#stream = undefined;
    const goesOn = connection.ready((request) => this.#answer(request, connection, slot));
    if (goesOn && this.#stream) this.#becomeStream(slot, connection, this.#stream);
    else this.#settle(slot, goesOn);
  }

  #answer(request: HttpRequest, connection: Connection, slot: number): HttpResponse | undefined {
    try {
      const answer = this.#handle(request);
      if (typeof answer === "function") {
        answer((response) => {
          // Its client may have gone meanwhile, and another have its slot.
          if (this.#slots[slot] === connection) this.#settle(slot, connection.answer(response));
        });
        return undefined;
      }
      if (answer?.stream && !this.#streams.includes(undefined)) return TOO_MANY_STREAMS;
      this.#stream = answer?.stream;
      return answer;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { status: 400, body: JSON.stringify({ fault_message: message }) };
    }
  }

  #becomeStream(slot: number, { fd }: Connection, stream: Stream): void {
    const { unsent, unread } = this.#slots[slot]!.handOver();
    this.#slots[slot] = undefined;
    const place = this.#streams.indexOf(undefined);
    const token = FIRST_STREAM_TOKEN + place;
    const watch = () => {
      const connection = this.#streams[place];
      if (connection) this.#epoll.modify(fd, connection.events, token);
    };
    this.#streams[place] = new StreamConnection(fd, stream, unsent, unread, watch);
    watch();
  }

  #streamTurn(place: number, events: number): void {
    const connection = this.#streams[place];
    if (!connection) return;
    if (connection.ready(events)) {
      this.#epoll.modify(connection.fd, connection.events, FIRST_STREAM_TOKEN + place);
      return;
    }
    this.#epoll.remove(connection.fd);
    this.#streams[place] = undefined;
    connection.close();
  }

  #settle(slot: number, goesOn: boolean): void {
    const connection = this.#slots[slot]!;
    if (goesOn) this.#epoll.modify(connection.fd, connection.events, slot + 1);
    else {
      this.#epoll.remove(connection.fd);
      connection.close();
      this.#slots[slot] = undefined;
    }
  }
}
