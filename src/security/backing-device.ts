/** Which block device a file's blocks are on: io limits of a cgroup are a device's. */
import { Fd, O } from "../../ffi/fd.ts";
import { exists, readTextFile } from "../../ffi/files.ts";
import { ConfigError } from "../config/error.ts";

const SYSFS = "/sys/dev/block";

/**
 * `MAJOR:MINOR` of the whole device, as cgroup's io files want it: a partition has no limits of its own.
 * @throws SystemError when the file can't be found, ConfigError where no block device is behind it
 */
export function backingDevice(path: string, sysfs = SYSFS): string {
  using file = Fd.open(path, O.PATH);
  const name = deviceName(file.blockDevice());
  if (!exists(`${sysfs}/${name}`)) {
    const why = "lies on no block device of this host (tmpfs, overlay, a share): its reads and writes can't be limited";
    throw new ConfigError("", "--cgroup", `${path} ${why}: move it, or leave rbps, wbps, riops and wiops out`);
  }
  // The folder above a partition's is its disk's.
  const isPart = exists(`${sysfs}/${name}/partition`);
  return (isPart ? readTextFile(`${sysfs}/${name}/../dev`)?.trim() : undefined) ?? name;
}

/** As glibc's major() and minor() take a dev_t apart: sys/sysmacros.h. */
function deviceName(device: number): string {
  const high = Math.floor(device / 2 ** 32);
  const major = (high & 0xffff_f000) | ((device >>> 8) & 0xfff);
  // The middle of the minor number is in bits 20 to 43.
  const minor = (Math.floor(device / 2 ** 12) & 0xffff_ff00) | (device & 0xff);
  return `${major >>> 0}:${minor >>> 0}`;
}
