/** What a vsock device needs of the kernel while a guest runs, beyond what every machine does: for the sandbox. */
import { SOCKET_DOMAIN, SOCKET_TYPE } from "../../../../ffi/socket.ts";
import { VhostIoctl } from "../../../../ffi/vhost.ts";
import type { VmConfig } from "../../../config/schema.ts";
import { SOCKET_FILE_RULES } from "../../../host/socket-file.ts";
import { allow, is, type Rule, requests } from "../../../security/seccomp/rule.ts";

export function vsockSystemCalls(vsock: VmConfig["vsock"]): readonly Rule[] {
  if (!vsock) return [];
  return vsock.uds_path === undefined ? VHOST : UNIX_SOCKETS;
}

const VHOST: readonly Rule[] = [allow("the host's kernel serves the queues", "ioctl", requests(VhostIoctl))];

const UNIX_SOCKETS: readonly Rule[] = [
  allow("a guest's connection to the host is a Unix socket", "socket", [
    is(0, "domain", SOCKET_DOMAIN),
    is(1, "type", { "SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC": SOCKET_TYPE }),
  ]),
  allow("connections to programs on the host, and from them", "connect accept4"),
  allow("what connections carry", "sendmsg readv sendto recvfrom shutdown"),
  ...SOCKET_FILE_RULES,
];
