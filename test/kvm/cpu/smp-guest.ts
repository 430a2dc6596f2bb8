/** A tiny guest with several vCPUs, each in volt's loop on its own thread, in real mode with x2APICs; and its pause. */

import { pack } from "../../../ffi/abi.ts";
import { EventFd } from "../../../ffi/eventfd.ts";
import { Ioctl } from "../../../ffi/kvm/ioctls.ts";
import { IRQ_LEVEL } from "../../../ffi/kvm/layouts.ts";
import { Kvm } from "../../../ffi/kvm/system.ts";
import type { Vm } from "../../../ffi/kvm/vm.ts";
import { libc } from "../../../ffi/libc.ts";
import { Mapping } from "../../../ffi/memory.ts";
import { installKick } from "../../../ffi/signal.ts";
import type { InterruptLine } from "../../../src/devices/device.ts";
import { MachineBlock } from "../../../src/machine/block.ts";
import { InterruptLines } from "../../../src/machine/lines.ts";
import { End, MachineState } from "../../../src/machine/state.ts";
import { VcpuPause } from "../../../src/machine/threads/pause.ts";
import { assemble } from "../tiny/assemble.ts";
import { REAL_MODE } from "../tiny/modes.ts";
import type { SmpOrder } from "./smp-worker.ts";

const MEMORY_BYTES = 0x1_0000;
const CODE_ADDRESS = 0x1000;
/** Each vCPU's stack ends at a page of its own, from here on. */
const STACKS = 0x8000;
const STACK_BYTES = 0x200;
/** Real mode's interrupt table. */
const VECTORS = { base: 0, limit: 0x3ff };
/** Where a guest counts: a 32-bit word a vCPU. */
export const COUNTERS = 0x6000;
const TSC_DEADLINE_AND_X2APIC = (1 << 24) | (1 << 21);

export class SmpGuest implements AsyncDisposable {
  readonly pause: VcpuPause;
  readonly #state: MachineState;
  readonly #words: Int32Array;
  readonly #workers: Worker[];
  readonly #ends: Promise<string>[];
  readonly #go: EventFd[];
  readonly #vm: Vm;
  readonly #held = new DisposableStack();

  /** @param text Intel-syntax real-mode assembly that every vCPU runs from its first instruction, its number in EBX */
  constructor(text: string, vcpus: number) {
    installKick();
    using kvm = Kvm.open();
    const vm = this.#held.use(kvm.createVm());
    this.#vm = vm;
    const mapping = this.#held.use(Mapping.create(MEMORY_BYTES, { about: "a tiny guest's memory" }));
    vm.setMemorySlot({ slot: 0, guestAddress: 0, hostAddress: mapping.address, size: MEMORY_BYTES });
    const memory = new Uint8Array(mapping.view());
    memory.set(assemble(text, 16, CODE_ADDRESS), CODE_ADDRESS);
    this.#words = new Int32Array(memory.buffer);
    vm.createIrqChip();
    const block = MachineBlock.create();
    this.#state = new MachineState(block.part("control"));
    this.#go = Array.from({ length: vcpus }, () => this.#held.use(EventFd.create("go", true)));
    const paused = this.#held.use(EventFd.create("paused"));
    this.pause = new VcpuPause(this.#state, this.#go, paused.number);
    const cpuid = kvm.supportedCpuid().map((entry) => {
      return entry.leaf === 1 ? { ...entry, ecx: (entry.ecx | TSC_DEADLINE_AND_X2APIC) >>> 0 } : entry;
    });
    this.#workers = this.#go.map((go, id) => {
      const vcpu = this.#held.use(vm.createVcpu(id));
      vcpu.setCpuid(cpuid);
      vcpu.setSpecialRegisters({ ...REAL_MODE, idt: VECTORS });
      vcpu.setRegisters({ rip: CODE_ADDRESS, rsp: STACKS + (id + 1) * STACK_BYTES, rbx: id, rflags: 2 });
      vcpu.makeRunnable();
      const worker = new Worker(new URL("./smp-worker.ts", import.meta.url).href);
      const order = { id, block: block.address, vcpu: vcpu.fd.number, runSize: kvm.vcpuMmapSize() };
      worker.postMessage({ ...order, go: go.number, paused: paused.number } satisfies SmpOrder);
      return worker;
    });
    this.#ends = this.#workers.map(
      (worker) => new Promise<string>((resolve) => worker.addEventListener("message", ({ data }) => resolve(data))),
    );
  }

  /** One whose vCPUs' threads are all there: what follows is not their start. */
  static async started(text: string, vcpus: number): Promise<SmpGuest> {
    const guest = new SmpGuest(text, vcpus);
    for (let vcpu = 0; vcpu < vcpus; vcpu++) {
      while (!guest.#state.runner(vcpu)) await Bun.sleep(1);
    }
    return guest;
  }

  /** The guest's interrupt line of this number. */
  line(gsi: number): InterruptLine {
    return new InterruptLines(this.#vm.fd.number).line(gsi);
  }

  /** What another thread does in the midst of raising a line: all but the end of it. */
  setLine(gsi: number, level: 0 | 1): void {
    libc.ioctl(this.#vm.fd.number, Ioctl.KVM_IRQ_LINE, pack(IRQ_LEVEL, { irq: gsi, level }));
  }

  /** A vCPU's own count. */
  counter(vcpu: number): number {
    return Atomics.load(this.#words, COUNTERS / 4 + vcpu) >>> 0;
  }

  /** Waits until a vCPU has counted to `count`. @returns whether it did within 20 s */
  async reaches(vcpu: number, count: number): Promise<boolean> {
    for (let tries = 0; tries < 20_000; tries++) {
      if (this.counter(vcpu) >= count) return true;
      await Bun.sleep(1);
    }
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state.finish(End.poweroff);
    // A pause that is not needed any more kicks everybody out; then they see the end.
    for (let vcpu = 0; vcpu < this.#go.length; vcpu++) this.pause.kick(vcpu);
    this.pause.resume();
    await Promise.all(this.#ends);
    for (const worker of this.#workers) worker.terminate();
    this.#held.dispose();
  }
}
