/** TAP devices: an Ethernet interface of the host whose other end is a descriptor (Documentation/networking/tuntap.rst). */
import { blob, iow, layout, pack, put, u16, u32 } from "./abi.ts";
import { check } from "./error.ts";
import { cString, Fd, O } from "./fd.ts";
import { libc } from "./libc.ts";

/** With the two readings of its union that TAPs use. */
export const IFREQ = layout("struct ifreq", "linux/if.h", 40, {
  ifr_name: blob(0, 16),
  ifr_flags: u16(16),
  ifr_ifindex: u32(16),
});

const TUN = 0x54;

export const TunIoctl = {
  TUNSETIFF: iow(TUN, 202, 4),
  TUNSETOFFLOAD: iow(TUN, 208, 4),
  TUNSETVNETHDRSZ: iow(TUN, 216, 4),
  TUNSETQUEUE: iow(TUN, 217, 4),
} as const;

export const TUN_F = { CSUM: 0x01, TSO4: 0x02, TSO6: 0x04, TSO_ECN: 0x08 } as const;

const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const IFF_MULTI_QUEUE = 0x0100;
const IFF_ATTACH_QUEUE = 0x0200;
const IFF_DETACH_QUEUE = 0x0400;
const SIOCGIFINDEX = 0x8933;
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;

export const TUN_PATH = "/dev/net/tun";

/** Whether this network namespace has an interface of that name, of whatever kind. */
export function interfaceExists(name: string): boolean {
  const number = check(libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket", "looking for a network interface");
  using socket = new Fd(number, "a socket");
  return libc.ioctl(socket.number, SIOCGIFINDEX, request(name)) === 0;
}

/**
 * One queue of a TAP, which never makes a thread wait. Frames have a `virtio_net_hdr` in front, as virtio's own.
 *
 * TUNSETIFF makes an interface that is not there yet, if it may: ask `interfaceExists` first.
 * @param multiQueue as the TAP was made
 * @throws SystemError, of which TUNSETIFF's are: EINVAL no TAP, or the other way of queues; EBUSY in use; EPERM not ours
 */
export function openTap(name: string, multiQueue: boolean): Fd {
  const fd = Fd.open(TUN_PATH, O.RDWR | O.NONBLOCK);
  const ifreq = request(name);
  put(ifreq, IFREQ.fields.ifr_flags, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (multiQueue ? IFF_MULTI_QUEUE : 0));
  try {
    check(libc.ioctl(fd.number, TunIoctl.TUNSETIFF, ifreq), "ioctl(TUNSETIFF)", name);
  } catch (error) {
    fd.close();
    throw error;
  }
  return fd;
}

/**
 * A TAP's descriptor as its device uses it. What fails because the interface was deleted is no exception here: whoever
 * reads or writes hears of that.
 */
export class Tap {
  readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** Bytes of the header in front of each frame. @returns 0, or errno */
  setHeaderSize(bytes: number): number {
    return this.#call("TUNSETVNETHDRSZ", Int32Array.of(bytes));
  }

  /** What the reader of frames can take. @param flags a set of TUN_F @returns 0, or errno */
  setOffload(flags: number): number {
    return this.#call("TUNSETOFFLOAD", flags);
  }

  /** Whether the host's packets may come by this queue, of several. One that is detached can't be used. @returns 0, or errno */
  setAttached(isAttached: boolean): number {
    const ifr_flags = isAttached ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE;
    return this.#call("TUNSETQUEUE", pack(IFREQ, { ifr_flags }));
  }

  #call(name: keyof typeof TunIoctl, argument: number | NodeJS.TypedArray): number {
    const result = libc.ioctl(this.fd, TunIoctl[name], argument);
    return result < 0 ? -result : 0;
  }
}

/** @throws RangeError for a name that does not fit, which the kernel would cut */
function request(name: string): Uint8Array {
  return pack(IFREQ, { ifr_name: cString(name) });
}
