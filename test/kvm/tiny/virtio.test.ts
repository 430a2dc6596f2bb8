/** What a virtio device at work costs its guest under the real KVM: no exits. */
import { afterAll, expect, test } from "bun:test";
import { Exit, exitName } from "../../../ffi/kvm/exits.ts";
import { Kvm } from "../../../ffi/kvm/system.ts";
import { Mapping } from "../../../ffi/memory.ts";
import { MmioBus } from "../../../src/devices/bus.ts";
import { RngDevice } from "../../../src/devices/virtio/rng/device.ts";
import { Interrupt, Register } from "../../../src/devices/virtio/transport/registers.ts";
import { PageWord } from "../../../src/devices/virtio/transport/state.ts";
import { MachineBlock } from "../../../src/machine/block.ts";
import { MMIO, virtioWindows } from "../../../src/machine/layout.ts";
import { createLines } from "../../../src/machine/lines.ts";
import { MachineState } from "../../../src/machine/state.ts";
import { attachVirtio } from "../../../src/machine/virtio/registers.ts";
import { connectVirtio, describeVirtio } from "../../../src/machine/virtio/set-up.ts";
import { virtioState } from "../../../src/machine/virtio/state.ts";
import { assemble } from "./assemble.ts";
import { LONG_MODE, writePageTables } from "./modes.ts";

const MEMORY_BYTES = 0x1_0000;
const CODE_ADDRESS = 0x1000;
/** The tiny guests' page tables reach 1 GiB; one more page directory has the windows. */
const PAGE_DIRECTORY_POINTERS = 0x3000;
const WINDOWS_DIRECTORY = 0x5000;
const PRESENT_WRITABLE = 0b11;
const LARGE = 1 << 7;

const memory = Mapping.create(MEMORY_BYTES, { about: "a tiny guest's memory" });
afterAll(() => memory[Symbol.dispose]());

/** Runs the program with rbx at the second of two devices' windows. @returns registers, and the exits it cost */
function run(program: string, prepare: (block: MachineBlock) => void = () => undefined) {
  using kvm = Kvm.open();
  using vm = kvm.createVm();
  const block = MachineBlock.create();
  const devices = [new RngDevice(), new RngDevice()];
  const lines = createLines(devices);
  describeVirtio(devices, block);
  prepare(block);
  vm.createIrqChip();
  vm.setMemorySlot({ slot: 0, guestAddress: 0, hostAddress: memory.address, size: MEMORY_BYTES });
  connectVirtio(vm, lines, block, [true, true]);
  const bytes = new Uint8Array(memory.view()).fill(0);
  const window = virtioWindows(2)[1]!.address;
  bytes.set(assemble(`mov rbx, ${window}; ${program}; out 0x10, al; hlt`, 64, CODE_ADDRESS), CODE_ADDRESS);
  mapWindows(bytes.buffer as ArrayBuffer);
  using vcpu = vm.createVcpu(0);
  vcpu.setCpuid(kvm.supportedCpuid());
  vcpu.setSpecialRegisters(LONG_MODE);
  vcpu.setRegisters({ rip: CODE_ADDRESS, rflags: 2 });
  const bus = new MmioBus(MMIO.bootTimer, 15);
  attachVirtio(bus, block, lines, new MachineState(block.part("control")));
  const exits: string[] = [];
  for (;;) {
    if (vcpu.run() < 0) continue;
    const { exitReason } = vcpu.state;
    if (exitReason === Exit.KVM_EXIT_IO) break;
    exits.push(exitName(exitReason));
    if (exitReason !== Exit.KVM_EXIT_MMIO) break;
    bus.serve(vcpu.state);
  }
  return { registers: vcpu.registers(), exits, state: virtioState(block, 1) };
}

test("reading registers is reading memory: right, and without an exit", () => {
  const program = `mov esi, [rbx + ${Register.MagicValue}]; mov edi, [rbx + ${Register.DeviceID}]; mov ebp, [rbx + ${Register.QueueNumMax}]`;
  const { registers, exits } = run(program);
  expect([registers.rsi, registers.rdi, registers.rbp]).toEqual([0x7472_6976n, 4n, 256n]);
  expect(exits).toEqual([]);
});

test("a driver's whole handling of an interrupt, and its next kick, cost no exit", () => {
  const handler = `mov eax, [rbx + ${Register.InterruptStatus}]; mov esi, eax; mov [rbx + ${Register.InterruptACK}], eax`;
  const { registers, exits } = run(`${handler}; mov dword ptr [rbx + ${Register.QueueNotify}], 0`, (block) => {
    virtioState(block, 1).page[PageWord.INTERRUPT_STATUS] = Interrupt.USED_BUFFER;
  });
  expect(registers.rsi).toBe(1n);
  expect(exits).toEqual([]);
});

test("a change of configuration is acknowledged for good", () => {
  const { exits, state } = run(
    `mov eax, [rbx + ${Register.InterruptStatus}]; mov [rbx + ${Register.InterruptACK}], eax`,
    (block) => {
      virtioState(block, 1).page[PageWord.INTERRUPT_STATUS] = Interrupt.USED_BUFFER | Interrupt.CONFIGURATION_CHANGE;
    },
  );
  expect(exits).toEqual(["KVM_EXIT_MMIO"]);
  expect(state.page[PageWord.INTERRUPT_STATUS]).toBe(0);
});

test("writes reach the registers, which a guest can't write by the page", () => {
  const { registers, exits, state } = run(
    `mov dword ptr [rbx + ${Register.Status}], 1; mov esi, [rbx + ${Register.Status}]; mov dword ptr [rbx + ${Register.MagicValue}], 7; mov edi, [rbx + ${Register.MagicValue}]`,
  );
  expect([registers.rsi, registers.rdi]).toEqual([1n, 0x7472_6976n]);
  expect(exits).toEqual(["KVM_EXIT_MMIO", "KVM_EXIT_MMIO"]);
  expect(state.page[PageWord.STATUS]).toBe(1);
});

/** MMIO.bootTimer is where the windows' gigabyte starts. */
function mapWindows(guest: ArrayBuffer): void {
  writePageTables(guest);
  const tables = new BigUint64Array(guest);
  tables[PAGE_DIRECTORY_POINTERS / 8 + MMIO.bootTimer / 2 ** 30] = BigInt(WINDOWS_DIRECTORY + PRESENT_WRITABLE);
  tables[WINDOWS_DIRECTORY / 8] = BigInt(MMIO.bootTimer + LARGE + PRESENT_WRITABLE);
}
