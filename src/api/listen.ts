/** Stage one: the API's socket. */
import { Errno, SystemError } from "../../ffi/error.ts";
import { Fd } from "../../ffi/fd.ts";
import { unlink } from "../../ffi/files.ts";
import { connectTo, listenAt } from "../../ffi/socket.ts";
import { ConfigError } from "../config/error.ts";
import { MAX_BODY_BYTES, type PlannedApi } from "./server.ts";

/** Clients that may wait to be accepted. */
const BACKLOG = 128;
/** The file is its user's alone: connect(2) asks for write permission. */
const PRIVATE = 0o177;

/** A socket that nobody was promised yet: `withdraw` takes its file away again. */
export interface ApiSocket {
  /** Call it once every other descriptor that must not survive an exec is marked so. */
  plan(): PlannedApi;
  withdraw(): void;
}

/**
 * Binds. A file that is there already is never removed: it may be another VM's. It stays when volt ends: nothing in the
 * sandbox can remove it.
 * @throws ConfigError
 */
export function listenForApi(path: string, flag = "--api"): ApiSocket {
  const listener = listen(path, flag);
  return {
    plan() {
      listener.setInherited(true);
      return { listener: listener.number, maxBodyBytes: MAX_BODY_BYTES, connections: [] };
    },
    withdraw: () => unlink(path),
  };
}

function listen(path: string, flag: string): Fd {
  // No moment in which others could connect: the mode is there from the bind on.
  const before = process.umask(PRIVATE);
  try {
    return listenAt(path, BACKLOG);
  } catch (error) {
    throw new ConfigError("", flag, mend(path, error));
  } finally {
    process.umask(before);
  }
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

function isListenedTo(path: string): boolean {
  const socket = connectTo(path);
  if (socket >= 0) new Fd(socket, path).close();
  return socket >= 0 || socket === -Errno.EAGAIN;
}
