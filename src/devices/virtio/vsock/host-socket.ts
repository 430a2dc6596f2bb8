import { Fd, type FileIdentity, O } from "../../../../ffi/fd.ts";
import { unlink } from "../../../../ffi/files.ts";
import { accept, connectTo } from "../../../../ffi/socket.ts";
import { ConfigError } from "../../../config/error.ts";
import { openListener } from "../../../host/listen.ts";

/** Programs that may wait to be accepted, while the guest boots say: as many as there can be connections. */
const BACKLOG = 1024;

/** What is left of a socket's 107 bytes for its name between `/proc/self/fd/N/` and `_PORT`. */
const MOST_NAME_BYTES = 72;

/** What stage one opened: descriptors that survive the exec, and which file the socket is. */
export interface OpenedHostSocket {
  readonly listener: number;
  /** The folder the socket is in: stage two reaches it and the guest's targets by this, not by a path. */
  readonly folder: number;
  /** The socket's name in it. */
  readonly name: string;
  readonly identity: FileIdentity;
}

/**
 * Binds the socket. A file that is there already is never removed: it may be another VM's.
 * @throws ConfigError
 */
export function openHostSocket(path: string): OpenedHostSocket {
  const slash = path.lastIndexOf("/");
  const name = path.slice(slash + 1);
  if (Buffer.byteLength(name) > MOST_NAME_BYTES) {
    throw new ConfigError("", "--vsock", `${name}: a socket's name has at most ${MOST_NAME_BYTES} bytes: shorten it`);
  }
  const listener = openListener(path, "--vsock", BACKLOG);
  const folder = Fd.open(slash < 0 ? "." : path.slice(0, slash + 1), O.PATH | O.DIRECTORY);
  listener.setInherited(true);
  folder.setInherited(true);
  const identity = identityOf(path)!;
  return { listener: listener.number, folder: folder.number, name, identity };
}

/** The host's side of a vsock device in stage two: programs come by the socket, and are found at `NAME_PORT` beside it. */
export class HostSocket {
  readonly listener: number;
  readonly #opened: OpenedHostSocket;
  readonly #path: string;

  constructor(opened: OpenedHostSocket) {
    this.#opened = opened;
    this.listener = opened.listener;
    // By way of /proc: a sandbox may have left no other path to the folder, and this one is always short enough.
    this.#path = `/proc/self/fd/${opened.folder}/${opened.name}`;
  }

  /** The next program that waits. @returns its socket, or minus errno */
  accept(): number {
    return accept(this.listener);
  }

  /** The program that listens for a port. @returns a socket to it, or minus errno */
  readonly connect = (port: number): number => connectTo(`${this.#path}_${port}`);

  /** Takes the file away, if it is still the one that was made. */
  remove(): void {
    const { device, inode } = this.#opened.identity;
    const found = identityOf(this.#path);
    if (found?.device === device && found.inode === inode) unlink(this.#path);
  }
}

function identityOf(path: string): FileIdentity | undefined {
  try {
    using fd = Fd.open(path, O.PATH | O.NOFOLLOW);
    return fd.identity();
  } catch {
    return undefined;
  }
}
