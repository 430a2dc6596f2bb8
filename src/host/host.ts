/** The host as the probes see it: files, devices and a few calls. Tests give them another. */
import { accessSync, constants, readFileSync } from "node:fs";
import { SystemError } from "../../ffi/error.ts";
import { Fd, O } from "../../ffi/fd.ts";
import { checkIoUring, checkSeccomp, glibcVersion, landlockAbi } from "../../ffi/host.ts";
import type { CapName } from "../../ffi/kvm/ioctls.ts";
import { Kvm } from "../../ffi/kvm/system.ts";

/** What the probes ask of /dev/kvm. */
export interface HostKvm extends Disposable {
  apiVersion(): number;
  capability(name: CapName): number;
  createVm(): Disposable;
}

export interface Host {
  /** The caller's user id; 0 is root. */
  readonly uid: number;
  /** A file's text; undefined when it is not there or can't be read. */
  read(path: string): string | undefined;
  isWritable(path: string): boolean;
  /** Opens a device for reading and writing and closes it again. @throws SystemError */
  tryDevice(path: string): void;
  /** @throws SystemError */
  openKvm(): HostKvm;
  /** @throws SystemError */
  landlockAbi(): number;
  /** @throws SystemError */
  checkSeccomp(): void;
  /** @throws SystemError */
  checkIoUring(): void;
  glibcVersion(): string;
}

export const thisHost: Host = {
  uid: process.getuid?.() ?? 0,
  read(path) {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return undefined;
    }
  },
  isWritable(path) {
    try {
      accessSync(path, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  },
  tryDevice(path) {
    // A device that waits for something (a FIFO put there) must not hold up the doctor.
    using _ = Fd.open(path, O.RDWR | O.NONBLOCK);
  },
  openKvm: () => Kvm.open(),
  landlockAbi,
  checkSeccomp,
  checkIoUring,
  glibcVersion,
};

/** Why a call fails: errno's name, such as `ENOENT`; undefined when it does not fail. */
export function failure(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof SystemError) return error.code;
    throw error;
  }
}
