/** A client of the API that keeps no rules: what it sends is up to the test, and it may leave whenever it likes. */
import { createConnection, type Socket } from "node:net";

export class RawClient implements Disposable {
  readonly #socket: Socket;
  /** All that has come so far. */
  heard = "";
  isOver = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes) => {
      this.heard += bytes.toString();
    });
    socket.on("close", () => {
      this.isOver = true;
    });
    // Whoever is turned away may find its socket broken.
    socket.on("error", () => {});
  }

  static async connect(path: string): Promise<RawClient> {
    const socket = createConnection(path);
    const client = new RawClient(socket);
    await new Promise<void>((resolve) => {
      socket.once("connect", resolve);
      socket.once("close", () => resolve());
    });
    return client;
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Reads nothing any more. */
  pause(): void {
    this.#socket.pause();
  }

  /** Waits for a text. @returns all that was heard @throws Error when the connection is over before */
  async hears(text: string): Promise<string> {
    while (!this.heard.includes(text)) {
      if (this.isOver) throw new Error(`no ${text}, the connection is over: ${this.heard}`);
      await Bun.sleep(2);
    }
    return this.heard;
  }

  /** Waits until the other side closes. @returns all that was heard */
  async hearsTheEnd(): Promise<string> {
    while (!this.isOver) await Bun.sleep(2);
    return this.heard;
  }

  leave(): void {
    this.#socket.destroy();
  }

  [Symbol.dispose](): void {
    this.leave();
  }
}
