import { monotonicNs } from "../../../../ffi/clock.ts";
import { EPOLL, Epoll } from "../../../../ffi/epoll.ts";
import { EventFd } from "../../../../ffi/eventfd.ts";
import type { VirtioContext, VirtioDevice } from "../device.ts";
import { COMMON_FEATURES } from "../features.ts";
import { DescriptorChain } from "../queue/chain.ts";
import { MAX_QUEUE_SIZE } from "../queue/layout.ts";
import type { Queue } from "../queue/queue.ts";
import { serveQueue } from "../queue/serve.ts";
import { vsockConfig } from "./config.ts";
import { Connections } from "./connections.ts";
import { newCounters } from "./counters.ts";
import { Endings } from "./endings.ts";
import { FromGuest } from "./from-guest.ts";
import { FromHost } from "./from-host.ts";
import type { HostSocket } from "./host-socket.ts";
import { Replies } from "./replies.ts";
import { ToGuest } from "./to-guest.ts";
import { ToHost } from "./to-host.ts";

/** Device type "socket device" (virtio 1.2, section 5.10). */
export const VIRTIO_ID_VSOCK = 19;
/** Its queues: what the guest receives, what it sends, events. */
export const VsockQueue = { RX: 0, TX: 1, EVENT: 2 } as const;
/** The guest's packets in one turn: 64 KiB each are 2 MiB. */
const PACKETS_A_TURN = 32;

/** Numbers in the device's own epoll. */
const Token = { AGAIN: 0, DEADLINE: 1, LISTENER: 2, CONNECTIONS: 16 } as const;

/**
 * The socket device: stream connections between programs of the guest's and programs of the host's at Unix sockets. Its
 * event queue stays as the driver filled it: the one event there is, a transport reset, comes with a restored snapshot.
 */
export class VsockDevice implements VirtioDevice {
  readonly name = "vsock";
  readonly interruptsOften = true;
  readonly id = VIRTIO_ID_VSOCK;
  readonly countedAs = "vsock";
  readonly features = COMMON_FEATURES;
  readonly queueSizes = [MAX_QUEUE_SIZE, MAX_QUEUE_SIZE, MAX_QUEUE_SIZE];
  readonly config: Uint8Array;
  /** Data moves within a turn; what waits is in Unix sockets and backlogs, not in guest memory. */
  readonly isBusy = false;
  readonly counters = newCounters();
  readonly sources;

  readonly #host: HostSocket;
  readonly #epoll = new Epoll("vsock connections");
  /** Raised to come back for more when others had their turn. */
  readonly #again = EventFd.create("vsock: more to do");
  readonly #connections: Connections;
  readonly #replies = new Replies();
  readonly #toGuest: ToGuest;
  readonly #fromGuest: FromGuest;
  readonly #fromHost: FromHost;
  readonly #chain = new DescriptorChain();
  #tx: Queue | undefined;

  /** @param nowMs a monotonic clock */
  constructor(guestCid: number, host: HostSocket, nowMs = () => monotonicNs() / 1e6) {
    this.config = vsockConfig(guestCid);
    this.#host = host;
    const counters = this.counters;
    const connections = new Connections(this.#epoll, Token.CONNECTIONS, nowMs);
    const endings = new Endings(connections, counters);
    const toHost = new ToHost(connections, endings);
    const replies = this.#replies;
    this.#connections = connections;
    this.#toGuest = new ToGuest(guestCid, connections, endings, replies, counters);
    this.#fromGuest = new FromGuest(guestCid, {
      connections,
      endings,
      toHost,
      replies,
      counters,
      connect: host.connect,
    });
    this.#fromHost = new FromHost(connections, endings, toHost, counters, host);
    this.#epoll.add(this.#again.number, EPOLL.IN, Token.AGAIN);
    this.#epoll.add(connections.deadlines.timer.fd, EPOLL.IN, Token.DEADLINE);
    this.sources = [{ fd: this.#epoll.number, ready: () => this.#ready() }];
  }

  /** Programs of the host's that came before the driver have waited in the listener's backlog. */
  activate({ queues }: VirtioContext): void {
    this.#tx = queues[VsockQueue.TX];
    this.#toGuest.start(queues[VsockQueue.RX]);
    this.#epoll.add(this.#host.listener, EPOLL.IN + EPOLL.EDGE, Token.LISTENER);
  }

  process(queue: number): boolean {
    let more = false;
    if (queue === VsockQueue.TX && this.#tx) {
      more = serveQueue(this.#tx, this.#chain, PACKETS_A_TURN, this.#fromGuest.take);
    }
    if (queue !== VsockQueue.EVENT) this.#deliver();
    return more;
  }

  /** Every connection ends: programs of the host's see that, the guest's are gone. */
  reset(): void {
    this.#tx = undefined;
    this.#toGuest.start(undefined);
    this.#epoll.remove(this.#host.listener);
    this.#fromHost.rest();
    this.#connections.clear();
    this.#replies.clear();
  }

  /** The machine has ended. */
  close(): void {
    this.#host.remove();
  }

  /** Something of the epoll's is ready. Marks first, then works: a slot that is given anew meanwhile has no old marks. */
  #ready(): void {
    const count = this.#epoll.wait(0);
    let isListenerReady = false;
    for (let i = 0; i < count; i++) {
      const token = this.#epoll.token(i);
      if (token >= Token.CONNECTIONS) this.#fromHost.mark(token - Token.CONNECTIONS, this.#epoll.events(i));
      else if (token === Token.LISTENER) isListenerReady = true;
      else if (token === Token.AGAIN) this.#again.take();
    }
    for (let i = 0; i < count; i++) {
      const token = this.#epoll.token(i);
      if (token >= Token.CONNECTIONS) this.#fromHost.serve(token - Token.CONNECTIONS);
    }
    this.#fromHost.checkDeadlines();
    if (this.#tx && this.#fromHost.accept(isListenerReady)) this.#again.signal();
    this.#deliver();
  }

  #deliver(): void {
    if (this.#toGuest.deliver()) this.#again.signal();
  }
}
