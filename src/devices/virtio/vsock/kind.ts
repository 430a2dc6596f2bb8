import type { DeviceKind } from "../kind.ts";
import { VsockDevice } from "./device.ts";
import { HostSocket, type OpenedHostSocket, openHostSocket } from "./host-socket.ts";

/** What stage one opened for the device a VM has, if it has one. */
interface OpenedVsock {
  readonly host?: OpenedHostSocket;
}

export const vsock: DeviceKind<OpenedVsock> = {
  name: "vsock",
  open: ({ vsock }) => (vsock?.uds_path === undefined ? {} : { host: openHostSocket(vsock.uds_path) }),
  create: ({ vsock }, { host }) => (vsock && host ? [new VsockDevice(vsock.guest_cid, new HostSocket(host))] : []),
};
