/** Stage one: opens a network interface's TAP, and says how to mend what is in the way. */
import { Errno, SystemError } from "../../../../ffi/error.ts";
import type { Fd } from "../../../../ffi/fd.ts";
import { interfaceExists, openTap, TUN_PATH } from "../../../../ffi/tap.ts";
import { ConfigError } from "../../../config/error.ts";

const FLAG = "--net";

/**
 * Every queue of a TAP that exists: making one, with its addresses and routes, is the user's business.
 * @returns numbers of descriptors that survive the exec
 * @throws ConfigError
 */
export function openTaps(name: string, queues: number): number[] {
  if (!interfaceExists(name)) {
    throw refusal(name, `there is no such interface: make it (${commands(name, queues > 1)})`);
  }
  const taps = queues > 1 ? Array.from({ length: queues }, () => openQueue(name, true)) : [openOnly(name)];
  return taps.map((tap) => {
    tap.setInherited(true);
    return tap.number;
  });
}

/** A TAP that was made for several queues serves for one pair too, but has to be opened as what it is. */
function openOnly(name: string): Fd {
  try {
    return openTap(name, false);
  } catch (error) {
    if (isInvalid(error)) return openQueue(name, true);
    throw refusal(name, mend(error, name, false));
  }
}

function openQueue(name: string, multiQueue: boolean): Fd {
  try {
    return openTap(name, multiQueue);
  } catch (error) {
    throw refusal(name, mend(error, name, multiQueue));
  }
}

function mend(error: unknown, name: string, multiQueue: boolean): string {
  const { call = "", errno = 0, message = `${error}` } = error instanceof SystemError ? error : {};
  if (call === "open") return mendNode(errno, message);
  switch (errno) {
    case Errno.EINVAL:
      if (multiQueue && fits(name, false)) {
        return `it was made for one queue: make it anew (ip link del ${name}; ${commands(name, true)})`;
      }
      return `it is no TAP device: give another name, or make one (ip tuntap add NAME mode tap; ip link set NAME up)`;
    case Errno.EBUSY:
      return "it is in use by another program (ip -d link shows it): each VM needs its own";
    case Errno.EPERM:
      return `permission denied: make it your user's (ip tuntap add ${name} mode tap user $USER), or run volt as root`;
    case Errno.E2BIG:
      return "all its queues are in use: end the other program, or give another TAP";
    default:
      return `${message}: give another TAP`;
  }
}

function mendNode(errno: number, message: string): string {
  if (errno === Errno.EACCES || errno === Errno.EPERM)
    return `permission denied for ${TUN_PATH} (chmod 0666 ${TUN_PATH})`;
  if (errno === Errno.ENOENT || errno === Errno.ENODEV || errno === Errno.ENXIO) {
    return `there is no ${TUN_PATH}: load its module (modprobe tun); in a container give it the device`;
  }
  return `${message}: see \`volt doctor\``;
}

/** Whether it was made this way, for one queue or for several. */
function fits(name: string, multiQueue: boolean): boolean {
  try {
    openTap(name, multiQueue).close();
    return true;
  } catch (error) {
    return !isInvalid(error);
  }
}

function isInvalid(error: unknown): boolean {
  return error instanceof SystemError && error.call !== "open" && error.errno === Errno.EINVAL;
}

function commands(name: string, multiQueue: boolean): string {
  return `ip tuntap add ${name} mode tap${multiQueue ? " multi_queue" : ""}; ip link set ${name} up`;
}

function refusal(name: string, problem: string): ConfigError {
  return new ConfigError("", FLAG, `tap=${name}: ${problem}`);
}
