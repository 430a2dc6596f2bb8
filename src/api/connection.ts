/** One client of the API. */
import { EPOLL } from "../../ffi/epoll.ts";
import { isForLater } from "../../ffi/error.ts";
import { closeSocket, receiveBytes, sendBytes } from "../../ffi/socket.ts";
import { HttpError } from "../http/error.ts";
import { type HttpRequest, RequestParser } from "./http/request.ts";
import { encodeContinue, encodeProtocolError, encodeResponse, type HttpResponse } from "./http/response.ts";

/** A connection as it crosses an exec: pure data. */
export interface PlannedConnection {
  readonly fd: number;
  /** Of its next request, what has come so far; base64, as the other. */
  readonly unread: string;
  /** Of its last response, what the socket did not take yet. */
  readonly unsent: string;
  /** Its request has no answer yet. */
  readonly waits: boolean;
}

/** Taken from the socket in one turn. */
const READ_BYTES = 16 * 1024;
const chunk = new Uint8Array(READ_BYTES);

/**
 * One request at a time: the next is looked at when the response to the last is out. So a client that reads nothing, or
 * sends without end, holds at most one request, one response and one read's bytes.
 */
export class Connection {
  readonly fd: number;
  readonly #parser: RequestParser;
  #unsent: Uint8Array;
  /** A response that has no bytes yet: nothing else happens before. */
  #waits: boolean;
  /** After what is unsent nothing follows. */
  #isLast = false;
  /** The parser may hold another request. */
  #mayHaveNext: boolean;

  constructor(fd: number, maxBodyBytes: number, planned?: PlannedConnection) {
    this.fd = fd;
    this.#parser = new RequestParser(maxBodyBytes);
    this.#parser.push(Buffer.from(planned?.unread ?? "", "base64"));
    this.#unsent = Buffer.from(planned?.unsent ?? "", "base64");
    this.#waits = planned?.waits ?? false;
    this.#mayHaveNext = planned !== undefined;
  }

  /** What its socket is to be watched for. */
  get events(): number {
    if (this.#waits) return 0;
    return this.#unsent.length > 0 || this.#mayHaveNext || this.#isLast ? EPOLL.OUT : EPOLL.IN;
  }

  get waits(): boolean {
    return this.#waits;
  }

  /**
   * The socket is ready: does one thing.
   * @param handle answers a request; undefined: the answer comes later, by `answer`
   * @returns whether the connection goes on
   */
  ready(handle: (request: HttpRequest) => HttpResponse | undefined): boolean {
    // Its socket is watched for nothing: it is ready only because the client is gone.
    if (this.#waits) return false;
    if (this.#unsent.length > 0) return this.#flush();
    if (this.#isLast) return false;
    if (!this.#mayHaveNext && !this.#receive()) return false;
    const request = this.#next();
    if (!request) return this.#unsent.length === 0 || this.#flush();
    this.#waits = true;
    const response = handle(request);
    return response ? this.answer(response) : true;
  }

  /** The answer to the request that waits for one. @returns whether the connection goes on */
  answer(response: HttpResponse): boolean {
    this.#waits = false;
    this.#unsent = encodeResponse(response);
    return this.#flush();
  }

  /** Undefined for one that is at its end anyway. */
  plan(): PlannedConnection | undefined {
    if (this.#isLast) return undefined;
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
    return { fd: this.fd, unread: base64(this.#parser.unread), unsent: base64(this.#unsent), waits: this.#waits };
  }

  /** For whoever takes the socket over: this one is done with it. */
  handOver(): { readonly unsent: Uint8Array; readonly unread: Uint8Array } {
    return { unsent: this.#unsent, unread: this.#parser.unread };
  }

  close(): void {
    closeSocket(this.fd);
  }

  #next(): HttpRequest | undefined {
    try {
      const request = this.#parser.next();
      this.#mayHaveNext = request !== undefined;
      if (!request && this.#parser.takeContinue()) this.#unsent = encodeContinue();
      return request;
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.#mayHaveNext = false;
      this.#isLast = true;
      this.#unsent = encodeProtocolError(error.message);
      return undefined;
    }
  }

  #receive(): boolean {
    const n = receiveBytes(this.fd, chunk);
    if (n > 0) this.#parser.push(chunk.subarray(0, n));
    return n > 0 || isForLater(n);
  }

  #flush(): boolean {
    const n = sendBytes(this.fd, this.#unsent);
    if (n < 0) return isForLater(n);
    this.#unsent = this.#unsent.subarray(n);
    return !(this.#isLast && this.#unsent.length === 0);
  }
}
