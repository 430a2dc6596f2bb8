/** A vCPU of an `SmpGuest` on a thread of its own, run as volt's threads run theirs. */
import { EventFd } from "../../../ffi/eventfd.ts";
import { Fd } from "../../../ffi/fd.ts";
import { Vcpu } from "../../../ffi/kvm/vcpu.ts";
import { threadId } from "../../../ffi/process.ts";
import { VcpuLoop } from "../../../src/cpu/loop.ts";
import { MmioBus, PortBus } from "../../../src/devices/bus.ts";
import { MachineBlock } from "../../../src/machine/block.ts";
import { MachineState } from "../../../src/machine/state.ts";
import { runThroughPauses } from "../../../src/machine/threads/pause.ts";

export interface SmpOrder {
  readonly id: number;
  readonly block: number;
  readonly vcpu: number;
  readonly runSize: number;
  readonly go: number;
  readonly paused: number;
}

/** Reads as the next number, each time it is read. */
export const COUNTER_PORT = 0x200;

declare const self: Worker;

self.onmessage = ({ data: order }: MessageEvent<SmpOrder>) => {
  const state = new MachineState(MachineBlock.attach(order.block).part("control"));
  const ports = new PortBus();
  let count = 0;
  ports.attach(COUNTER_PORT, 1, { read: () => ++count & 0xff, write() {} });
  const vcpu = new Vcpu(new Fd(order.vcpu, `vCPU ${order.id}`), order.runSize);
  const loop = new VcpuLoop(vcpu, ports, new MmioBus(0xa_0000, 1), {
    get stopped() {
      return state.wantsOut;
    },
    deviceFault() {},
  });
  const go = EventFd.attach(order.go, "go");
  const paused = EventFd.attach(order.paused, "paused");
  state.enlist(order.id, threadId(), vcpu.runAddress);
  const end = runThroughPauses({ id: order.id, loop, state, go, paused, noteStopped: () => void vcpu.noteStopped() });
  self.postMessage(end);
};
