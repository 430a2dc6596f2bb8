/** What network cards need of the kernel while a guest runs, beyond what every machine does: for the sandbox. */
import { TunIoctl } from "../../../../ffi/tap.ts";
import { VhostIoctl } from "../../../../ffi/vhost.ts";
import type { NetworkInterfaceConfig } from "../../../config/devices.ts";
import { allow, type Rule, requests } from "../../../security/seccomp/rule.ts";

export function netSystemCalls(interfaces: readonly NetworkInterfaceConfig[]): readonly Rule[] {
  if (interfaces.length === 0) return [];
  const isServedHere = interfaces.some(({ vhost }) => !vhost);
  const isServedByKernel = interfaces.some(({ vhost }) => vhost);
  return [SET_UP, ...(isServedHere ? [FRAMES] : []), ...(isServedByKernel ? [VHOST] : [])];
}

/** TUNSETIFF is not among them: a TAP's descriptor stays with the interface it was opened for. */
const { TUNSETOFFLOAD, TUNSETVNETHDRSZ, TUNSETQUEUE } = TunIoctl;
const SET_UP: Rule = allow(
  "a driver says what it can take, and how many queues it uses",
  "ioctl",
  requests({ TUNSETOFFLOAD, TUNSETVNETHDRSZ, TUNSETQUEUE }),
);
const FRAMES: Rule = allow("frames, between a TAP and the guest's buffers", "readv writev");
const VHOST: Rule = allow("the host's kernel serves the queues", "ioctl", requests(VhostIoctl));
