/** A response without an end, and in one case (the console) a client that goes on talking. */
import { EPOLL } from "../../ffi/epoll.ts";
import { isForLater } from "../../ffi/error.ts";
import { closeSocket, receiveBytes, sendBytes } from "../../ffi/socket.ts";

export interface Stream {
  readonly contentType: string;
  /** A client listens from now on. */
  open(output: StreamOutput): StreamPeer;
}

export interface StreamOutput {
  /** Takes all of it, or nothing when the client is too far behind. Never waits. */
  write(bytes: Uint8Array): boolean;
  /** The peer's `wantsInput` has changed. */
  changed(): void;
}

/** What the client talks to. */
export interface StreamPeer {
  /** Whether what the client sends is to be read now. */
  readonly wantsInput: boolean;
  receive(bytes: Uint8Array): void;
  /** The client has gone. */
  closed(): void;
}

/** How far a client may be behind, beyond what its socket holds. */
const MOST_UNSENT_BYTES = 256 * 1024;
const READ_BYTES = 4096;
const chunk = new Uint8Array(READ_BYTES);

/** A connection whose request was answered by a stream. */
export class StreamConnection implements StreamOutput {
  readonly fd: number;
  readonly #changed: () => void;
  readonly #peer: StreamPeer;
  #unsent: Uint8Array[];
  #unsentBytes: number;

  /**
   * @param unsent what of the response's head the socket did not take yet
   * @param unread what the client has sent behind its request
   * @param changed told when `events` are others
   */
  constructor(fd: number, stream: Stream, unsent: Uint8Array, unread: Uint8Array, changed: () => void) {
    this.fd = fd;
    this.#unsent = unsent.length > 0 ? [unsent] : [];
    this.#unsentBytes = unsent.length;
    this.#changed = changed;
    this.#peer = stream.open(this);
    if (unread.length > 0) this.#peer.receive(unread);
  }

  /** What its socket is to be watched for; that the client has gone is always told. */
  get events(): number {
    return (this.#unsentBytes > 0 ? EPOLL.OUT : 0) | (this.#peer.wantsInput ? EPOLL.IN : 0);
  }

  /** @param events what epoll said @returns whether the connection goes on */
  ready(events: number): boolean {
    if (events & (EPOLL.HUP | EPOLL.ERR)) return false;
    if (events & EPOLL.OUT && !this.#flush()) return false;
    return !(events & EPOLL.IN) || this.#receive();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#unsentBytes + bytes.length > MOST_UNSENT_BYTES) return false;
    const sent = this.#unsentBytes > 0 ? 0 : Math.max(0, sendBytes(this.fd, bytes));
    if (sent < bytes.length) {
      // A copy: the caller's bytes may be the guest's memory.
      this.#unsent.push(bytes.slice(sent));
      this.#unsentBytes += bytes.length - sent;
      this.#changed();
    }
    return true;
  }

  changed(): void {
    this.#changed();
  }

  close(): void {
    this.#peer.closed();
    closeSocket(this.fd);
  }

  #flush(): boolean {
    for (let first = this.#unsent[0]; first; first = this.#unsent[0]) {
      const n = sendBytes(this.fd, first);
      if (n < 0) return isForLater(n);
      this.#unsentBytes -= n;
      if (n === first.length) this.#unsent.shift();
      else this.#unsent[0] = first.subarray(n);
    }
    return true;
  }

  #receive(): boolean {
    if (!this.#peer.wantsInput) return true;
    const n = receiveBytes(this.fd, chunk);
    if (n > 0) this.#peer.receive(chunk.slice(0, n));
    return n > 0 || isForLater(n);
  }
}
