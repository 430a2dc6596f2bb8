/** Unix stream sockets. None of these calls waits. What can fail in daily use answers minus errno, and throws nothing. */
import { blob, layout, pack, u16, u32, u64 } from "./abi.ts";
import { check, Errno, SystemError } from "./error.ts";
import { cString, Fd } from "./fd.ts";
import type { IoVector } from "./iovec.ts";
import { libc } from "./libc.ts";

export const SOCKADDR_UN = layout("struct sockaddr_un", "sys/un.h", 110, {
  sun_family: u16(0),
  sun_path: blob(2, 108),
});
export const MSGHDR = layout("struct msghdr", "sys/socket.h", 56, {
  msg_name: u64(0),
  msg_namelen: u32(8),
  msg_iov: u64(16),
  msg_iovlen: u64(24),
  msg_control: u64(32),
  msg_controllen: u64(40),
  msg_flags: u32(48),
});

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
/** The only kind of socket made here. */
export const SOCKET_TYPE = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
export const SOCKET_DOMAIN = { AF_UNIX } as const;
const MSG_PEEK = 2;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** Which directions `shutDown` ends. */
export const SHUT = { RD: 0, WR: 1, RDWR: 2 } as const;

/** What `sendVector` hands to the kernel; one for all calls. */
const message = new Uint32Array(MSGHDR.size / 4);
const MSG_IOV = MSGHDR.fields.msg_iov.offset / 4;
const MSG_IOVLEN = MSGHDR.fields.msg_iovlen.offset / 4;

/**
 * Binds and listens.
 * @param backlog connections that may wait to be accepted
 * @throws SystemError: EADDRINUSE where there is a file already, ENOENT without its folder
 */
export function listenAt(path: string, backlog: number): Fd {
  const fd = new Fd(check(newSocket(), "socket", path), path);
  try {
    const address = unixAddress(path);
    if (!address) throw new SystemError("bind", Errno.ENAMETOOLONG, path);
    check(libc.bind(fd.number, address, address.length), "bind", path);
    check(libc.listen(fd.number, backlog), "listen", path);
    return fd;
  } catch (error) {
    fd.close();
    throw error;
  }
}

/** @returns a connected descriptor, or minus errno: ECONNREFUSED where nobody listens, EAGAIN where too many wait */
export function connectTo(path: string): number {
  const address = unixAddress(path);
  if (!address) return -Errno.ENAMETOOLONG;
  const fd = newSocket();
  if (fd < 0) return fd;
  const result = libc.connect(fd, address, address.length);
  if (result === 0) return fd;
  libc.close(fd);
  return result;
}

/** @returns a connected descriptor, or minus errno: EAGAIN when nobody waits */
export function accept(listener: number): number {
  return libc.accept4(listener, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/** @returns bytes the socket took, or minus errno: EAGAIN when it is full, EPIPE when nobody will read them */
export function sendVector(fd: number, vector: IoVector): number {
  message[MSG_IOV] = vector.address % 0x1_0000_0000;
  message[MSG_IOV + 1] = vector.address / 0x1_0000_0000;
  message[MSG_IOVLEN] = vector.count;
  return libc.sendmsg(fd, message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/** @returns bytes read, 0 at the end, or minus errno: EAGAIN when there is nothing yet */
export function receiveVector(fd: number, vector: IoVector): number {
  return libc.readv(fd, vector.address, vector.count);
}

/** @returns bytes the socket took, or minus errno */
export function sendBytes(fd: number, bytes: Uint8Array): number {
  return libc.send(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/** At most `length` bytes into `into`. @returns as `receiveVector` */
export function receiveBytes(fd: number, into: Uint8Array, length = into.length): number {
  return libc.recv(fd, into, length, MSG_DONTWAIT);
}

/** The same, and the bytes stay in the socket. */
export function peekBytes(fd: number, into: Uint8Array): number {
  return libc.recv(fd, into, into.length, MSG_DONTWAIT | MSG_PEEK);
}

/** @param how one of SHUT */
export function shutDown(fd: number, how: number): void {
  libc.shutdown(fd, how);
}

/** Closes a descriptor that the calls above made. */
export function closeSocket(fd: number): void {
  libc.close(fd);
}

function newSocket(): number {
  return libc.socket(AF_UNIX, SOCKET_TYPE, 0);
}

/** @returns undefined for a path that is too long for a socket */
function unixAddress(path: string): Uint8Array | undefined {
  const bytes = cString(path);
  if (bytes.length > SOCKADDR_UN.fields.sun_path.bytes) return undefined;
  return pack(SOCKADDR_UN, { sun_family: AF_UNIX, sun_path: bytes });
}
