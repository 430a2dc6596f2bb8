import { VIRTIO_STATE_BYTES, VirtioState } from "../../devices/virtio/transport/state.ts";
import type { MachineBlock } from "../block.ts";

/** This thread's view on the registers of the virtio device in a slot. */
export function virtioState(block: MachineBlock, slot: number): VirtioState {
  return new VirtioState(block.part("virtio"), slot * VIRTIO_STATE_BYTES);
}
