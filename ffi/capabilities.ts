/** Privileges of a thread: capabilities(7), prctl(2). */

import { ptr } from "bun:ffi";
import { get, layout, pack, u32 } from "./abi.ts";
import { check } from "./error.ts";
import { readTextFile } from "./files.ts";
import { libc } from "./libc.ts";
import { systemCallNumber } from "./system-calls.ts";

export const CAPABILITY_HEADER = layout("struct __user_cap_header_struct", "linux/capability.h", 8, {
  version: u32(0),
  pid: u32(4),
});
export const CAPABILITY_DATA = layout("struct __user_cap_data_struct", "linux/capability.h", 12, {
  effective: u32(0),
  permitted: u32(4),
  inheritable: u32(8),
});
const _LINUX_CAPABILITY_VERSION_3 = 0x20080522;

/** Capabilities are numbered from 0; the structures have room for so many. */
const MOST_CAPABILITIES = 64;
export const CAP = { SETGID: 6, SETUID: 7, SETPCAP: 8, SYS_ADMIN: 21, SETFCAP: 31 } as const;

export const PR = {
  SET_PDEATHSIG: 1,
  SET_DUMPABLE: 4,
  CAPBSET_DROP: 24,
  SET_SECUREBITS: 28,
  SET_NO_NEW_PRIVS: 38,
  GET_NO_NEW_PRIVS: 39,
  CAP_AMBIENT: 47,
  CAP_AMBIENT_CLEAR_ALL: 4,
} as const;

const SECBIT_NOROOT = 1;
const SECBIT_NOROOT_LOCKED = 2;
const SECBIT_NO_SETUID_FIXUP = 4;
const SECBIT_NO_SETUID_FIXUP_LOCKED = 8;
const SECBIT_KEEP_CAPS_LOCKED = 0x20;
const SECBIT_NO_CAP_AMBIENT_RAISE = 0x40;
const SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED = 0x80;
/** Being root means nothing, and never will again: an exec by uid 0 gives no capability. */
export const ROOT_IS_NOBODY =
  SECBIT_NOROOT |
  SECBIT_NOROOT_LOCKED |
  SECBIT_NO_SETUID_FIXUP |
  SECBIT_NO_SETUID_FIXUP_LOCKED |
  SECBIT_KEEP_CAPS_LOCKED |
  SECBIT_NO_CAP_AMBIENT_RAISE |
  SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

/** What capset(2) takes to give all of them up. */
export function noCapabilities(): { readonly header: Uint8Array; readonly data: Uint8Array } {
  return { header: capabilityHeader(), data: new Uint8Array(2 * CAPABILITY_DATA.size) };
}

/** The highest capability this kernel has. */
export function lastCapability(): number {
  return Number(readTextFile("/proc/sys/kernel/cap_last_cap") ?? MOST_CAPABILITIES - 1);
}

/** The calling thread's effective capabilities among the first 32. */
export function effectiveCapabilities(): ReadonlySet<number> {
  const bits = get(capabilities(), CAPABILITY_DATA.fields.effective);
  return new Set(Array.from({ length: 32 }, (_, i) => i).filter((i) => (bits >>> i) & 1));
}

/** Whether the calling thread has any, in any of its three sets. */
export function hasCapabilities(): boolean {
  return capabilities().some((byte) => byte !== 0);
}

/** @throws SystemError */
export function setDumpable(dumpable: boolean): void {
  check(libc.prctl(PR.SET_DUMPABLE, dumpable ? 1 : 0, 0, 0, 0), "prctl(PR_SET_DUMPABLE)", "this process");
}

/** Whether an exec can give this thread no privilege any more. */
export function hasNoNewPrivileges(): boolean {
  return libc.prctl(PR.GET_NO_NEW_PRIVS, 0, 0, 0, 0) === 1;
}

function capabilities(): Uint8Array {
  const data = new Uint8Array(2 * CAPABILITY_DATA.size);
  check(libc.syscall(systemCallNumber("capget"), ptr(capabilityHeader()), ptr(data), 0, 0, 0), "capget", "this thread");
  return data;
}

function capabilityHeader(): Uint8Array {
  return pack(CAPABILITY_HEADER, { version: _LINUX_CAPABILITY_VERSION_3 });
}
