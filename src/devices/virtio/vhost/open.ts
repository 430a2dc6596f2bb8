/** Stage one: opens a vhost device node, and says how to mend what is in the way. */
import { Errno, SystemError } from "../../../../ffi/error.ts";
import { Fd, O } from "../../../../ffi/fd.ts";
import { ConfigError } from "../../../config/error.ts";

/**
 * @param path `/dev/vhost-net` or `/dev/vhost-vsock`
 * @param flag what asked for it, for the message
 * @returns the number of a descriptor that survives the exec: the second stage becomes its owner
 * @throws ConfigError
 */
export function openVhost(path: string, flag: string): number {
  try {
    const fd = Fd.open(path, O.RDWR);
    fd.setInherited(true);
    return fd.number;
  } catch (error) {
    throw new ConfigError("", flag, `${path}: ${mend(error, path)}`);
  }
}

function mend(error: unknown, path: string): string {
  const code = error instanceof SystemError ? error.errno : 0;
  const module = path.replace("/dev/", "").replaceAll("-", "_");
  if (code === Errno.ENOENT || code === Errno.ENODEV || code === Errno.ENXIO) {
    return `this host has none: load its module (modprobe ${module}), or leave vhost out`;
  }
  if (code === Errno.EACCES || code === Errno.EPERM) {
    return "permission denied: join its group (usermod -aG kvm $USER, then log in again), or leave vhost out";
  }
  return `${error instanceof Error ? error.message : error}: leave vhost out`;
}
