import { join } from "node:path";
import { type GuestProgram, guestProgram } from "../program.ts";

/** The program at the other end of sockets, for guests and hosts: see peer.c. */
export function peer(): GuestProgram {
  return guestProgram(join(import.meta.dirname, "peer.c"));
}
