/** A guest of a few instructions on the real /dev/kvm: 64 KiB of memory, one vCPU, no interrupt chips, volt's buses. */
import { Errno } from "../../../ffi/error.ts";
import type { CpuidEntry } from "../../../ffi/kvm/cpuid.ts";
import { Exit, exitName } from "../../../ffi/kvm/exits.ts";
import type { MsrBitmap } from "../../../ffi/kvm/msrs.ts";
import { Kvm } from "../../../ffi/kvm/system.ts";
import type { Vcpu } from "../../../ffi/kvm/vcpu.ts";
import { Mapping } from "../../../ffi/memory.ts";
import { MmioBus, PortBus } from "../../../src/devices/bus.ts";
import { assemble } from "./assemble.ts";
import { LONG_MODE, REAL_MODE, writePageTables } from "./modes.ts";

const MEMORY_BYTES = 0x1_0000;
const CODE_ADDRESS = 0x1000;
const STACK_ADDRESS = 0xfff0;
/** The device windows; real mode reaches them with a segment of 0xa000. */
export const WINDOWS = 0xa_0000;
const WINDOW_COUNT = 4;
/** No test needs more exits: one that does is in a loop. */
const MOST_EXITS = 20_000;

export interface TinyGuestOptions {
  /** Real mode unless told otherwise. */
  readonly mode?: "real" | "long";
  /** What CPUID answers; nothing without it. */
  readonly cpuid?: readonly CpuidEntry[];
  /** The MSRs it may touch; all that KVM has without it. */
  readonly msrs?: readonly MsrBitmap[];
  /** With interrupt controllers in the kernel, `hlt` waits there for an interrupt and is no exit. */
  readonly chips?: boolean;
}

export class TinyGuest implements Disposable {
  readonly ports = new PortBus();
  readonly windows = new MmioBus(WINDOWS, WINDOW_COUNT);
  /** Guest-physical memory, from address 0. */
  readonly memory: Uint8Array;
  readonly vcpu: Vcpu;
  /** How many exits the buses served. */
  served = 0;
  readonly #held = new DisposableStack();

  /** @param text Intel-syntax assembly, run from its first instruction; end it with `hlt` */
  constructor(text: string, { mode = "real", cpuid = [], msrs = [], chips = false }: TinyGuestOptions = {}) {
    using kvm = Kvm.open();
    const vm = this.#held.use(kvm.createVm());
    const mapping = this.#held.use(Mapping.create(MEMORY_BYTES, { about: "a tiny guest's memory" }));
    vm.setMemorySlot({ slot: 0, guestAddress: 0, hostAddress: mapping.address, size: MEMORY_BYTES });
    this.memory = new Uint8Array(mapping.view());
    this.memory.set(assemble(text, mode === "real" ? 16 : 64, CODE_ADDRESS), CODE_ADDRESS);
    if (chips) vm.createIrqChip();
    if (msrs.length > 0) vm.allowMsrs(msrs);
    this.vcpu = this.#held.use(vm.createVcpu(0));
    if (cpuid.length > 0) this.vcpu.setCpuid(cpuid);
    if (mode === "long") writePageTables(this.memory.buffer as ArrayBuffer);
    this.vcpu.setSpecialRegisters(mode === "real" ? REAL_MODE : LONG_MODE);
    // Bit 1 of RFLAGS is always set.
    this.vcpu.setRegisters({ rip: CODE_ADDRESS, rsp: STACK_ADDRESS, rflags: 2 });
  }

  /** Runs until an exit that is for neither bus. @returns its name: `KVM_EXIT_HLT` is the good end */
  run(): string {
    const { vcpu } = this;
    for (; this.served < MOST_EXITS; this.served++) {
      const result = vcpu.run();
      if (result === -Errno.EINTR || result === -Errno.EAGAIN) continue;
      if (result < 0) throw new Error(`KVM_RUN: errno ${-result}`);
      const reason = vcpu.state.exitReason;
      if (reason === Exit.KVM_EXIT_IO) this.ports.serve(vcpu.state);
      else if (reason === Exit.KVM_EXIT_MMIO) this.windows.serve(vcpu.state);
      else return exitName(reason);
    }
    throw new Error(`the guest is still running after ${MOST_EXITS} exits`);
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }
}
