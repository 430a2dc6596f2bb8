/** Programs for a guest that its busybox has no like of: they reach it by stdin. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { compile, librarySources } from "../../../guest/build.ts";

export interface GuestProgram {
  /** Where the host finds it. */
  readonly path: string;
  /** For the guest's stdin: see `install`. */
  readonly bytes: Uint8Array;
  /** A guest's script begins with it: the program comes by stdin, and is then /tmp/NAME. */
  readonly install: string;
}

const built = new Map<string, GuestProgram>();

/** Compiles `NAME.c`, once. @param source its path */
export function guestProgram(source: string): GuestProgram {
  const known = built.get(source) ?? build(source);
  built.set(source, known);
  return known;
}

function build(source: string): GuestProgram {
  const name = basename(source, ".c");
  const path = join(mkdtempSync(join(tmpdir(), `volt-${name}-`)), name);
  compile(path, [source, ...librarySources()]);
  return { path, bytes: readFileSync(path), install: `cat >/tmp/${name}; chmod +x /tmp/${name}` };
}
