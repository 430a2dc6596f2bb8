/** A Unix socket that volt listens at, and its file, which goes when volt does. */
import { Fd, type FileIdentity, O } from "../../ffi/fd.ts";
import { unlink } from "../../ffi/files.ts";
import type { OpenPath } from "../security/open-path.ts";
import { allow, is, type Rule } from "../security/seccomp/rule.ts";
import { openListener } from "./listen.ts";

/** Pure data, and descriptors: it crosses the exec between the stages. */
export interface SocketFile {
  readonly listener: number;
  /** The folder it is in: the second stage reaches it by this, not by a path. */
  readonly folder: number;
  /** Its name in there. */
  readonly name: string;
  readonly identity: FileIdentity;
}

/**
 * Binds and listens, as `openListener` does.
 * @param flag what named the path, for the message
 * @param backlog connections that may wait to be accepted
 * @throws ConfigError
 */
export function bindSocket(path: string, flag: string, backlog: number): SocketFile {
  const slash = path.lastIndexOf("/");
  const listener = openListener(path, flag, backlog);
  const folder = Fd.open(slash < 0 ? "." : path.slice(0, slash + 1), O.PATH | O.DIRECTORY);
  return {
    listener: listener.number,
    folder: folder.number,
    name: path.slice(slash + 1),
    identity: identityOf(path)!,
  };
}

/** What `removeSocketFile` needs in the sandbox. */
export const SOCKET_FILE_RULES: readonly Rule[] = [
  allow("the listening socket's file goes at the end", "unlink"),
  allow("whether it is still the one that was made", "openat", [
    is(2, "flags", { "O_PATH | O_NOFOLLOW": O.PATH | O.NOFOLLOW | O.CLOEXEC }),
  ]),
];

/** The folder that has to stay open for that. */
export function socketFolder({ folder }: SocketFile, what: string): OpenPath {
  return { fd: folder, access: ["REMOVE_FILE"], why: `${what}'s socket goes at the end` };
}

/** Lets it survive the exec. */
export function keepSocket({ listener, folder, name }: SocketFile): void {
  for (const fd of [listener, folder]) new Fd(fd, name).setInherited(true);
}

/** By way of /proc: a sandbox may have left no other path to the folder, and this one is always short enough. */
export function socketPath({ folder, name }: SocketFile): string {
  return `/proc/self/fd/${folder}/${name}`;
}

/** Takes the file away, if it is still the one that was made. */
export function removeSocketFile(file: SocketFile): void {
  removeIfSame(socketPath(file), file.identity);
}

/** Takes a file away, unless another one is there by now. */
export function removeIfSame(path: string, { device, inode }: FileIdentity): void {
  const found = identityOf(path);
  if (found?.device === device && found.inode === inode) unlink(path);
}

/** Which file a path leads to; undefined for none. */
export function identityOf(path: string): FileIdentity | undefined {
  try {
    using fd = Fd.open(path, O.PATH | O.NOFOLLOW);
    return fd.identity();
  } catch {
    return undefined;
  }
}
