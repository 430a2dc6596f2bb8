/** Stage one: the API's socket. */
import { Fd } from "../../ffi/fd.ts";
import { bindSocket, keepSocket, removeSocketFile, type SocketFile } from "../host/socket-file.ts";
import { MAX_BODY_BYTES, type PlannedApi } from "./planned.ts";

/** Clients that may wait to be accepted. */
const BACKLOG = 128;
/** The file is its user's alone: connect(2) asks for write permission. */
const PRIVATE = 0o177;

/** A socket that nobody was promised yet: `withdraw` takes its file away again. */
export interface ApiSocket {
  readonly file: SocketFile;
  /** Call these once every other descriptor that must not survive an exec is marked so. */
  plan(): PlannedApi;
  /** For a second stage that takes the file away: with it goes the folder, which nobody else may have in the sandbox. */
  keepFile(): SocketFile;
  withdraw(): void;
}

/** @throws ConfigError */
export function listenForApi(path: string, flag = "--api"): ApiSocket {
  const file = listen(path, flag);
  return {
    file,
    plan() {
      new Fd(file.listener, path).setInherited(true);
      return { listener: file.listener, maxBodyBytes: MAX_BODY_BYTES, connections: [] };
    },
    keepFile() {
      keepSocket(file);
      return file;
    },
    withdraw: () => removeSocketFile(file),
  };
}

function listen(path: string, flag: string): SocketFile {
  // No moment in which others could connect: the mode is there from the bind on.
  const before = process.umask(PRIVATE);
  try {
    return bindSocket(path, flag, BACKLOG);
  } finally {
    process.umask(before);
  }
}
