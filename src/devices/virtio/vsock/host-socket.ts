import { accept, connectTo } from "../../../../ffi/socket.ts";
import { ConfigError } from "../../../config/error.ts";
import { bindSocket, keepSocket, removeSocketFile, type SocketFile, socketPath } from "../../../host/socket-file.ts";

/** Programs that may wait to be accepted, while the guest boots say: as many as there can be connections. */
const BACKLOG = 1024;

/** What is left of a socket's 107 bytes for its name between `/proc/self/fd/N/` and `_PORT`. */
const MOST_NAME_BYTES = 72;

/**
 * Stage one: binds the socket. The guest's targets are found beside it by the descriptor of its folder.
 * @throws ConfigError
 */
export function openHostSocket(path: string): SocketFile {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (Buffer.byteLength(name) > MOST_NAME_BYTES) {
    throw new ConfigError("", "--vsock", `${name}: a socket's name has at most ${MOST_NAME_BYTES} bytes: shorten it`);
  }
  const file = bindSocket(path, "--vsock", BACKLOG);
  keepSocket(file);
  return file;
}

/** The host's side of a vsock device in stage two: programs come by the socket, and are found at `NAME_PORT` beside it. */
export class HostSocket {
  readonly listener: number;
  readonly #file: SocketFile;
  readonly #path: string;

  constructor(file: SocketFile) {
    this.#file = file;
    this.listener = file.listener;
    this.#path = socketPath(file);
  }

  /** The next program that waits. @returns its socket, or minus errno */
  accept(): number {
    return accept(this.listener);
  }

  /** The program that listens for a port. @returns a socket to it, or minus errno */
  readonly connect = (port: number): number => connectTo(`${this.#path}_${port}`);

  /** Takes the file away, if it is still the one that was made. */
  remove(): void {
    removeSocketFile(this.#file);
  }
}
