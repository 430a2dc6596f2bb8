/** One virtual CPU: its registers and KVM_RUN. Its ioctls belong to the thread that runs it. */
import { get, pack, put } from "../abi.ts";
import { check } from "../error.ts";
import type { Fd } from "../fd.ts";
import { libc } from "../libc.ts";
import { MAP, Mapping } from "../memory.ts";
import { type CpuidEntry, writeCpuid } from "./cpuid.ts";
import { Ioctl, KVM_MP_STATE_RUNNABLE } from "./ioctls.ts";
import * as L from "./layouts.ts";
import { type Msr, readMsr, writeMsrs } from "./msrs.ts";
import { KvmRun } from "./run.ts";

/** General registers by name; 64-bit values as bigint where they may exceed 53 bits. */
export type Registers = Partial<Record<keyof typeof L.REGS.fields, number | bigint>>;

/** A segment register's hidden part, as the processor holds it. */
export type Segment = Partial<Record<keyof typeof L.SEGMENT.fields, number>>;

/** What long-mode or protected-mode entry sets; everything else stays as KVM reset it. */
export interface SpecialRegisters {
  readonly cs: Segment;
  /** For DS, ES, FS, GS and SS. */
  readonly data: Segment;
  readonly tr: Segment;
  readonly gdt: { readonly base: number; readonly limit: number };
  readonly idt: { readonly base: number; readonly limit: number };
  readonly cr0: number;
  readonly cr3: number;
  readonly cr4: number;
  readonly efer: number;
}

export class Vcpu implements Disposable {
  readonly fd: Fd;
  readonly #mapping: Mapping;
  readonly #number: number;
  /** The page shared with the kernel. */
  readonly state: KvmRun;

  constructor(fd: Fd, runSize: number) {
    this.fd = fd;
    this.#number = fd.number;
    this.#mapping = Mapping.create(runSize, { about: `${fd.about}'s kvm_run`, file: fd, flags: MAP.SHARED });
    this.state = new KvmRun(this.#mapping.view());
  }

  /** Host address of kvm_run, so that another thread can set `immediate_exit` before it kicks. */
  get runAddress(): number {
    return this.#mapping.address;
  }

  /** Runs guest code until it needs us. @returns 0, or minus errno: EINTR and EAGAIN are everyday */
  run(): number {
    return libc.ioctl(this.#number, Ioctl.KVM_RUN, null);
  }

  /** KVM_SET_CPUID2. Before MSRs and special registers, and never after the first `run`. */
  setCpuid(entries: readonly CpuidEntry[]): void {
    this.#call("KVM_SET_CPUID2", writeCpuid(entries));
  }

  /** @returns how many were set: KVM stops at the first it does not know */
  setMsrs(msrs: readonly Msr[]): number {
    return this.#call("KVM_SET_MSRS", writeMsrs(msrs));
  }

  /** @returns an MSR's value, or undefined where KVM has no such MSR */
  msr(index: number): bigint | undefined {
    return readMsr(this.fd, index);
  }

  setRegisters(registers: Registers): void {
    this.#call("KVM_SET_REGS", pack(L.REGS, registers));
  }

  registers(): Record<keyof typeof L.REGS.fields, bigint> {
    const bytes = new Uint8Array(L.REGS.size);
    this.#call("KVM_GET_REGS", bytes);
    const view = new DataView(bytes.buffer);
    const entries = Object.entries(L.REGS.fields).map(([name, field]) => [name, view.getBigUint64(field.offset, true)]);
    return Object.fromEntries(entries) as Record<keyof typeof L.REGS.fields, bigint>;
  }

  setSpecialRegisters(wanted: SpecialRegisters): void {
    const bytes = new Uint8Array(L.SREGS.size);
    this.#call("KVM_GET_SREGS", bytes);
    const F = L.SREGS.fields;
    put(bytes, F.cs, pack(L.SEGMENT, wanted.cs));
    for (const field of [F.ds, F.es, F.fs, F.gs, F.ss]) put(bytes, field, pack(L.SEGMENT, wanted.data));
    put(bytes, F.tr, pack(L.SEGMENT, wanted.tr));
    put(bytes, F.gdt, pack(L.DTABLE, wanted.gdt));
    put(bytes, F.idt, pack(L.DTABLE, wanted.idt));
    for (const name of ["cr0", "cr3", "cr4", "efer"] as const) put(bytes, F[name], wanted[name]);
    this.#call("KVM_SET_SREGS", bytes);
  }

  /** CR0, CR3, CR4, EFER and the code segment's base, for an error report. */
  specialRegisters(): { cr0: number; cr2: number; cr3: number; cr4: number; efer: number; csBase: number } {
    const bytes = new Uint8Array(L.SREGS.size);
    this.#call("KVM_GET_SREGS", bytes);
    const { cr0, cr2, cr3, cr4, efer, cs } = L.SREGS.fields;
    const csBase = get(bytes.subarray(cs.offset), L.SEGMENT.fields.base);
    return {
      cr0: get(bytes, cr0),
      cr2: get(bytes, cr2),
      cr3: get(bytes, cr3),
      cr4: get(bytes, cr4),
      efer: get(bytes, efer),
      csBase,
    };
  }

  /** x87 control word and MXCSR as they are after FNINIT. */
  setFpu(fcw: number, mxcsr: number): void {
    this.#call("KVM_SET_FPU", pack(L.FPU, { fcw, mxcsr }));
  }

  /** The local APIC's register page, 1 KiB. */
  localApic(): Uint8Array {
    const bytes = new Uint8Array(L.LAPIC_STATE.size);
    this.#call("KVM_GET_LAPIC", bytes);
    return bytes;
  }
  setLocalApic(registers: Uint8Array): void {
    this.#call("KVM_SET_LAPIC", registers);
  }

  /** The TSC's frequency as this vCPU sees it, in kHz. @throws SystemError EIO where the host's TSC is not stable */
  tscKhz(): number {
    return this.#call("KVM_GET_TSC_KHZ", null);
  }

  /** A vCPU that would wait for INIT and SIPI runs from where its registers point. */
  makeRunnable(): void {
    this.#call("KVM_SET_MP_STATE", pack(L.MP_STATE, { mp_state: KVM_MP_STATE_RUNNABLE }));
  }

  /**
   * KVM_KVMCLOCK_CTRL: tells the guest, by its kvm-clock, that it was stopped, so that its watchdogs do not take the gap
   * for a lock-up. @returns false for a guest that uses no kvm-clock
   */
  noteStopped(): boolean {
    return libc.ioctl(this.#number, Ioctl.KVM_KVMCLOCK_CTRL, null) === 0;
  }

  /** Guest-physical address of a linear address, or undefined where nothing is mapped. */
  translate(linear: number | bigint): number | undefined {
    const bytes = pack(L.TRANSLATION, { linear_address: linear });
    this.#call("KVM_TRANSLATE", bytes);
    return get(bytes, L.TRANSLATION.fields.valid) ? get(bytes, L.TRANSLATION.fields.physical_address) : undefined;
  }

  #call(name: keyof typeof Ioctl, argument: Uint8Array | null): number {
    return check(libc.ioctl(this.#number, Ioctl[name], argument), `ioctl(${name})`, this.fd.about);
  }

  [Symbol.dispose](): void {
    this.#mapping[Symbol.dispose]();
    this.fd.close();
  }
}
