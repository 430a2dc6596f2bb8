/** The virtio devices as a vCPU's thread sees them: windows on its MMIO bus. */
import type { MmioBus } from "../../devices/bus.ts";
import { VirtioMmio } from "../../devices/virtio/transport/mmio.ts";
import type { MachineBlock } from "../block.ts";
import { virtioWindows } from "../layout.ts";
import { type LineNumbers, line } from "../lines.ts";
import { virtioState } from "./state.ts";

export function attachVirtio(mmio: MmioBus, block: MachineBlock, lines: LineNumbers): void {
  const wake = line(lines.wake);
  virtioWindows(lines.virtio.length).forEach(({ address }, slot) => {
    const { kicks } = lines.virtio[slot]!;
    mmio.attach(address, new VirtioMmio(virtioState(block, slot), kicks.map(line), wake));
  });
}
