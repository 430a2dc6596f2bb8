/** A vCPU's thread: waits for its vCPU, runs it until the machine ends. Nothing here returns to Bun's event loop. */
import { EventFd } from "../../../ffi/eventfd.ts";
import { Fd } from "../../../ffi/fd.ts";
import { Vcpu } from "../../../ffi/kvm/vcpu.ts";
import { nameThread, parkThread, threadId } from "../../../ffi/process.ts";
import { setAffinity } from "../../../ffi/sched.ts";
import { installPlacedFilter } from "../../../ffi/seccomp/filter.ts";
import { type LoopControl, VcpuLoop } from "../../cpu/loop.ts";
import { describeExit } from "../../cpu/report.ts";
import { GuestMemory } from "../../memory/guest.ts";
import { Timeline } from "../../observe/timeline.ts";
import { MachineBlock } from "../block.ts";
import { attachChips } from "../chips.ts";
import { attachRecorder } from "../exit-records.ts";
import { readHandover } from "../handover.ts";
import { InterruptLines, line } from "../lines.ts";
import { type MachineLog, machineLog } from "../log.ts";
import { End, MachineState } from "../state.ts";
import { runThroughPauses } from "./pause.ts";
import type { ThreadOrder } from "./start.ts";

function main(): never {
  const order: ThreadOrder = JSON.parse(process.argv.at(-1) ?? "");
  const block = MachineBlock.attach(order.block);
  const state = new MachineState(block.part("control"), () => line(order.lines.wake).raise());
  const log = machineLog(order.log, state);
  try {
    runVcpu(order, block, state, log);
  } catch (error) {
    log.error(`vCPU ${order.vcpu}: ${(error as Error).message}`);
    if (process.env["VOLT_DEBUG"] === "1") log.error((error as Error).stack);
    state.finish(End.failure);
  }
  // The main thread ends the process; until then this thread is only in nobody's way.
  parkThread();
}

function runVcpu(order: ThreadOrder, block: MachineBlock, state: MachineState, log: MachineLog): void {
  const { vcpu: id } = order;
  nameThread(order.name);
  if (order.hostCpu !== undefined) setAffinity([order.hostCpu]);
  const onMark = order.log.level === "trace" ? log.phase : undefined;
  const timeline = new Timeline(block.part("timeline"), order.timeline, onMark);
  const recorder = order.exitRecord === undefined ? undefined : attachRecorder(order.exitRecord, timeline);
  const interrupts = new InterruptLines();
  const { ports, mmio } = attachChips(block, order.lines, interrupts, state, timeline, recorder);

  const go = EventFd.attach(order.go, "the start");
  go.take();
  const { vm, regions, vcpus, runSize } = readHandover(block.part("handover"));
  interrupts.connect(vm);
  const vcpu = new Vcpu(new Fd(vcpus[id]!, `vCPU ${id}`), runSize);
  let faults = 0;
  const control: LoopControl = {
    get stopped() {
      return state.wantsOut;
    },
    deviceFault(error) {
      if (faults++ === 0) log.error(`${vcpu.fd.about}: a device failed (later failures are not shown): ${error}`);
    },
  };
  const exits = block.exitCounters(id, order.timesExits);
  const loop = new VcpuLoop(vcpu, ports, mmio, control, exits);
  state.enlist(id, threadId(), vcpu.runAddress);
  if (order.filter !== undefined) installPlacedFilter(order.filter);
  if (id === 0) timeline.mark("vCPU 0 enters KVM_RUN");
  const paused = EventFd.attach(order.lines.paused, "paused");
  const noteStopped = (): void => {
    if (!vcpu.noteStopped()) exits.countClockFailure();
  };
  switch (runThroughPauses({ id, loop, state, go, paused, noteStopped })) {
    case "triple fault":
      state.finish(End.tripleFault);
      break;
    case "shutdown event":
      state.finish(End.poweroff);
      break;
    case "failure":
      log.error(describeExit(vcpu, GuestMemory.attach(regions), loop.error));
      state.finish(End.failure);
      break;
    case "stopped":
      break;
  }
}

main();
