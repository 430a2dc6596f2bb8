/** Makes a Unix socket where the user wants one, and says it in the user's words when that can't be. */
import { Errno, SystemError } from "../../ffi/error.ts";
import { Fd, O } from "../../ffi/fd.ts";
import { unlink } from "../../ffi/files.ts";
import { connectTo, listenAt } from "../../ffi/socket.ts";
import { ConfigError } from "../config/error.ts";

/** How long a socket that was bound may not be listened at yet. */
const NOT_YET_MS = 20;

/**
 * Binds and listens. What is there already is not removed, but for a socket whose program is dead: nobody can ever listen at
 * it again, and a VM that was killed must not keep the next one of its name from starting.
 * @param flag what named the path, for the message
 * @param backlog connections that may wait to be accepted
 * @throws ConfigError
 */
export function openListener(path: string, flag: string, backlog: number): Fd {
  try {
    return listenWhereNobodyDoes(path, backlog);
  } catch (error) {
    throw new ConfigError("", flag, mend(path, error));
  }
}

function listenWhereNobodyDoes(path: string, backlog: number): Fd {
  try {
    return listenAt(path, backlog);
  } catch (error) {
    if (!isAbandoned(path)) throw error;
    // Of several starts at once one does it: the others would take away its new socket.
    using folder = Fd.open(path.slice(0, path.lastIndexOf("/") + 1) || ".", O.RDONLY | O.DIRECTORY);
    folder.lock(true);
    Bun.sleepSync(NOT_YET_MS);
    if (isAbandoned(path)) unlink(path);
    return listenAt(path, backlog);
  }
}

/** A socket that refuses: whoever listened there is dead. */
function isAbandoned(path: string): boolean {
  const socket = connectTo(path);
  if (socket >= 0) new Fd(socket, path).close();
  // As other kinds of files do.
  if (socket !== -Errno.ECONNREFUSED) return false;
  using file = Fd.open(path, O.PATH | O.NOFOLLOW);
  return file.status().kind === "socket";
}

function mend(path: string, error: unknown): string {
  switch (error instanceof SystemError ? error.errno : 0) {
    case Errno.EADDRINUSE:
      return isListenedTo(path)
        ? `address in use: another program listens at ${path}: give another path`
        : `address in use: ${path} is there already, and nobody listens: rm ${path}`;
    case Errno.ENOENT:
      return `there is no folder for ${path}: make it first`;
    case Errno.ENAMETOOLONG:
      return `${path} is too long for a socket, which has at most 107 bytes: give a shorter path`;
    case Errno.EACCES:
      return `permission denied to make ${path}: change the folder's mode or owner`;
    default:
      return `${error instanceof Error ? error.message : error}: give another path`;
  }
}

/** Whether connecting gets anywhere: a socket that a process left behind when it was killed refuses. */
function isListenedTo(path: string): boolean {
  const socket = connectTo(path);
  if (socket >= 0) new Fd(socket, path).close();
  return socket >= 0 || socket === -Errno.EAGAIN;
}
