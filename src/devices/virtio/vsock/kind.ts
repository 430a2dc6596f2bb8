import { Errno, SystemError } from "../../../../ffi/error.ts";
import { Fd } from "../../../../ffi/fd.ts";
import { Vhost } from "../../../../ffi/vhost.ts";
import { ConfigError } from "../../../config/error.ts";
import { type SocketFile, socketFolder } from "../../../host/socket-file.ts";
import type { DeviceKind } from "../kind.ts";
import { openVhost } from "../vhost/open.ts";
import { VsockDevice } from "./device.ts";
import { HostSocket, openHostSocket } from "./host-socket.ts";
import { vsockSystemCalls } from "./system-calls.ts";
import { VhostVsockDevice } from "./vhost.ts";

const VHOST_VSOCK = "/dev/vhost-vsock";

/** What stage one opened for the device, if the VM has one: one of the two. */
interface OpenedVsock {
  readonly host?: SocketFile;
  readonly vhost?: number;
}

export const vsock: DeviceKind<OpenedVsock> = {
  name: "vsock",
  modules: ["vmw_vsock_virtio_transport"],
  open: ({ vsock }) => {
    if (!vsock) return {};
    const { uds_path, guest_cid } = vsock;
    return uds_path === undefined ? { vhost: openVhostVsock(guest_cid) } : { host: openHostSocket(uds_path) };
  },
  systemCalls: ({ vsock }) => vsockSystemCalls(vsock),
  folders: ({ host }) => (host ? [socketFolder(host, "the vsock")] : []),
  withdraw: ({ host }) => host && new HostSocket(host).remove(),
  create: ({ vsock }, { host, vhost }) => {
    if (!vsock) return [];
    if (host) return [new VsockDevice(vsock.guest_cid, new HostSocket(host))];
    if (vhost === undefined) return [];
    return [new VhostVsockDevice(vsock.guest_cid, new Vhost(new Fd(vhost, VHOST_VSOCK)))];
  },
};

/** The CID is the host's: all guests share the numbers. */
function openVhostVsock(guestCid: number): number {
  const fd = openVhost(VHOST_VSOCK, "--vsock");
  try {
    new Vhost(new Fd(fd, VHOST_VSOCK)).setGuestCid(guestCid);
    return fd;
  } catch (error) {
    const isTaken = error instanceof SystemError && error.errno === Errno.EADDRINUSE;
    const why = isTaken
      ? `another guest has CID ${guestCid}: give another cid`
      : error instanceof Error
        ? error.message
        : String(error);
    throw new ConfigError("", "--vsock", why);
  }
}
