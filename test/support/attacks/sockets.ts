/** Attacks by sockets. */
import type { Attack } from "./attack.ts";

const AF = { UNIX: 1, INET: 2, NETLINK: 16, PACKET: 17 };
const SOCK_RAW = 3;

export const SOCKET_ATTACKS: readonly Attack[] = [
  {
    name: "connect to the host's loopback",
    stoppedBy: { namespaces: true, landlock: 4, seccomp: true },
    run: (by, { port }) =>
      by.connects(AF.INET, new Uint8Array([2, 0, port >> 8, port & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])),
  },
  {
    name: "connect to an abstract Unix socket",
    stoppedBy: { namespaces: true, landlock: 6, seccomp: true },
    run: (by, { abstractName }) => by.connects(AF.UNIX, new Uint8Array([1, 0, 0, ...Buffer.from(abstractName)])),
  },
  { name: "netlink socket", stoppedBy: { seccomp: true }, run: (by) => by.fails("socket", AF.NETLINK, SOCK_RAW, 0) },
  {
    name: "packet socket",
    stoppedBy: { privileges: true, seccomp: true },
    run: (by) => by.fails("socket", AF.PACKET, SOCK_RAW, 0),
  },
];
