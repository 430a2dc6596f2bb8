/** Stage one: the API's socket. */
import type { Fd } from "../../ffi/fd.ts";
import { unlink } from "../../ffi/files.ts";
import { openListener } from "../host/listen.ts";
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
 * Binds. The file stays when volt ends: nothing in the sandbox can remove it.
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
    return openListener(path, flag, BACKLOG);
  } finally {
    process.umask(before);
  }
}
