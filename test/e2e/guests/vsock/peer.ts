import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, librarySources } from "../../../../guest/build.ts";

/** The program at the other end of sockets, for guests and hosts: see peer.c. */
export interface Peer {
  /** Where the host finds it. */
  readonly path: string;
  /** For the guest's stdin: see INSTALL. */
  readonly bytes: Uint8Array;
}

let built: Peer | undefined;

export function peer(): Peer {
  built ??= build();
  return built;
}

/** A guest's script begins with it: the program comes by stdin. */
export const INSTALL = "cat >/tmp/peer; chmod +x /tmp/peer";

function build(): Peer {
  const path = join(mkdtempSync(join(tmpdir(), "volt-peer-")), "peer");
  compile(path, [join(import.meta.dirname, "peer.c"), ...librarySources()]);
  return { path, bytes: readFileSync(path) };
}
