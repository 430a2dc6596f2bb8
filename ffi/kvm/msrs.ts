/** Model-specific registers as KVM's calls carry them, and the filter that says which of them a guest may touch. */
import { ptr } from "bun:ffi";
import { pack, put } from "../abi.ts";
import { Errno, SystemError } from "../error.ts";
import type { Fd } from "../fd.ts";
import { libc } from "../libc.ts";
import * as K from "./ioctls.ts";
import { MSR_ENTRY, MSR_FILTER, MSR_FILTER_RANGE, MSRS } from "./layouts.ts";

export interface Msr {
  readonly index: number;
  readonly value: number | bigint;
}

/** A stretch of MSR numbers; those whose bit is set a guest may read and write. */
export interface MsrBitmap {
  readonly base: number;
  /** How many MSRs it speaks of, at most 0x3000. */
  readonly count: number;
  /** A bit each, in whole groups of 64. */
  readonly bitmap: Uint8Array;
}

/** A `struct kvm_msrs` of them. */
export function writeMsrs(msrs: readonly Msr[]): Uint8Array {
  const bytes = new Uint8Array(MSRS.size + msrs.length * MSR_ENTRY.size);
  put(bytes, MSRS.fields.nmsrs, msrs.length);
  msrs.forEach(({ index, value }, i) => {
    bytes.set(pack(MSR_ENTRY, { index, data: value }), MSRS.size + i * MSR_ENTRY.size);
  });
  return bytes;
}

/**
 * KVM_GET_MSRS of one register. @param fd a vCPU; or /dev/kvm, for what the host's KVM offers in a feature MSR
 * @returns undefined where KVM has no such MSR
 */
export function readMsr(fd: Fd, index: number): bigint | undefined {
  const bytes = writeMsrs([{ index, value: 0 }]);
  const count = libc.ioctl(fd.number, K.Ioctl.KVM_GET_MSRS, bytes);
  // A vCPU answers that it read none; /dev/kvm fails.
  if (count < 0 && count !== -Errno.EINVAL) throw new SystemError("ioctl(KVM_GET_MSRS)", -count, fd.about);
  return count === 1
    ? new DataView(bytes.buffer).getBigUint64(MSRS.size + MSR_ENTRY.fields.data.offset, true)
    : undefined;
}

/**
 * KVM_X86_SET_MSR_FILTER: every MSR that no bitmap allows is denied, which is #GP in the guest. KVM lets the x2APIC's
 * (0x800 to 0x8ff) through whatever a filter says.
 * @param allowed at most 16 stretches
 * @returns whether KVM took it
 */
export function setMsrFilter(fd: Fd, allowed: readonly MsrBitmap[]): boolean {
  if (allowed.length > K.KVM_MSR_FILTER_MAX_RANGES) return false;
  const filter = pack(MSR_FILTER, { flags: K.KVM_MSR_FILTER_DEFAULT_DENY });
  allowed.forEach(({ base, count, bitmap }, i) => {
    const flags = K.KVM_MSR_FILTER_READ | K.KVM_MSR_FILTER_WRITE;
    const range = pack(MSR_FILTER_RANGE, { flags, nmsrs: count, base, bitmap: ptr(bitmap) });
    filter.set(range, MSR_FILTER.fields.ranges.offset + i * MSR_FILTER_RANGE.size);
  });
  return libc.ioctl(fd.number, K.Ioctl.KVM_X86_SET_MSR_FILTER, filter) === 0;
}
