import { describe, expect, test } from "bun:test";
import { readHandover, writeHandover } from "../../../src/machine/handover.ts";
import { End, MAX_VCPUS, MachineState } from "../../../src/machine/state.ts";

describe("a machine's state", () => {
  test("ends once: the first end counts, for every thread, and is told once", () => {
    const memory = new ArrayBuffer(4096);
    let told = 0;
    const [main, vcpu] = [new MachineState(memory, () => told++), new MachineState(memory, () => told++)];
    expect(main.endCode).toBe(End.none);
    expect([vcpu.finish(End.panic), main.finish(End.signal, 15)]).toEqual([true, false]);
    vcpu.end("poweroff");
    expect([main.endCode, vcpu.endCode, main.endSignal, told]).toEqual([End.panic, End.panic, 0, 1]);
  });

  test.each([1, 15, 64])("keeps which signal ended it: %i", (signal) => {
    const state = new MachineState(new ArrayBuffer(4096));
    state.finish(End.signal, signal);
    expect([state.endCode, state.endSignal]).toEqual([End.signal, signal]);
  });

  test("keeps the guest's last status", () => {
    const state = new MachineState(new ArrayBuffer(4096));
    state.exitStatus(3);
    state.exitStatus(255);
    expect(state.guestStatus).toBe(255);
  });

  test("wants its vCPUs out of the guest while a pause is on, and once it has ended", () => {
    const memory = new ArrayBuffer(4096);
    const [main, vcpu] = [new MachineState(memory), new MachineState(memory)];
    expect(vcpu.wantsOut).toBe(false);
    main.pause = 7;
    expect([vcpu.wantsOut, vcpu.pause, vcpu.hasEnded]).toEqual([true, 7, false]);
    main.pause = 0;
    expect(vcpu.wantsOut).toBe(false);
    main.finish(End.reset);
    expect([vcpu.wantsOut, vcpu.hasEnded]).toEqual([true, true]);
  });

  test("knows which pause each vCPU stands still in, beside where it runs", () => {
    const state = new MachineState(new ArrayBuffer(4096));
    for (let vcpu = 0; vcpu < MAX_VCPUS; vcpu++) {
      state.setPausedIn(vcpu, 2 ** 31 - 1 - vcpu);
      state.enlist(vcpu, 1000 + vcpu, 0x7fff_f000_0000);
    }
    for (let vcpu = 0; vcpu < MAX_VCPUS; vcpu++) {
      expect(state.pausedIn(vcpu)).toBe(2 ** 31 - 1 - vcpu);
      expect(state.runner(vcpu)?.threadId).toBe(1000 + vcpu);
    }
    expect([state.pause, state.wantsOut]).toEqual([0, false]);
  });

  test("knows where each vCPU runs, up to the last, at addresses of 47 bits", () => {
    const state = new MachineState(new ArrayBuffer(4096));
    const address = (vcpu: number) => 0x7fff_f000_0000 + vcpu * 0x9000_1000;
    expect(state.runner(0)).toBeUndefined();
    for (let vcpu = 0; vcpu < MAX_VCPUS; vcpu++) state.enlist(vcpu, 1000 + vcpu, address(vcpu));
    for (let vcpu = 0; vcpu < MAX_VCPUS; vcpu++) {
      expect(state.runner(vcpu)).toEqual({ threadId: 1000 + vcpu, runAddress: address(vcpu) });
    }
    expect(state.endCode).toBe(End.none);
  });
});

test("a handover of the largest machine arrives as it was", () => {
  const regions = [0, 2 ** 32].map((address) => ({ address, size: 3 * 2 ** 30, hostAddress: 2 ** 47 - 2 ** 32 }));
  const handover = { vm: 999, regions, vcpus: Array.from({ length: MAX_VCPUS }, (_, i) => 1000 + i), runSize: 12_288 };
  const memory = new ArrayBuffer(16_384);
  writeHandover(memory, handover);
  expect(readHandover(memory)).toEqual(handover);
});
