/** The virtio devices as a vCPU's thread sees them: windows on its MMIO bus. */
import type { MmioBus } from "../../devices/bus.ts";
import { VirtioMmio } from "../../devices/virtio/transport/mmio.ts";
import type { MachineBlock } from "../block.ts";
import { virtioWindows } from "../layout.ts";
import { type LineNumbers, line } from "../lines.ts";
import type { MachineState } from "../state.ts";
import { virtioState } from "./state.ts";

export function attachVirtio(mmio: MmioBus, block: MachineBlock, lines: LineNumbers, state: MachineState): void {
  const wake = line(lines.wake);
  // The back ends' thread is the one that pauses and ends the machine: it must not wait for a vCPU that waits for it.
  const mayWait = (): boolean => !state.wantsOut;
  virtioWindows(lines.virtio.length).forEach(({ address }, slot) => {
    const { kicks } = lines.virtio[slot]!;
    mmio.attach(address, new VirtioMmio(virtioState(block, slot), kicks.map(line), wake, mayWait));
  });
}
