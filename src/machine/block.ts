/**
 * The one block of memory every thread of a VM shares: the machine's state, each chip's registers, the timeline.
 *
 * Workers share no objects, so the block is anonymous mapped memory and what crosses between threads is its address.
 */
import { MAP, Mapping, memoryAt } from "../../ffi/memory.ts";
import { EXIT_COUNTER_BYTES, ExitCounters } from "../cpu/exit-counters.ts";
import { I8042 } from "../devices/i8042/i8042.ts";
import { PowerPorts } from "../devices/power/power.ts";
import { Rtc } from "../devices/rtc/rtc.ts";
import { SERIAL_STATE_BYTES } from "../devices/serial/state.ts";
import { VIRTIO_STATE_BYTES } from "../devices/virtio/transport/state.ts";
import { TIMELINE_BYTES } from "../observe/timeline.ts";
import { GSI } from "./layout.ts";
import { MAX_VCPUS } from "./state.ts";

const CACHE_LINE = 64;

/** Bytes of each part. A part starts on a cache line of its own, so that two threads' words never share one. */
const PARTS = {
  /** One virtio device after the other. First, and so on a page: each block begins with one that the guest can read. */
  virtio: GSI.virtio.length * VIRTIO_STATE_BYTES,
  control: 4096,
  handover: 16384,
  timeline: TIMELINE_BYTES,
  /** One vCPU's after the other. */
  exits: MAX_VCPUS * EXIT_COUNTER_BYTES,
  serial: SERIAL_STATE_BYTES,
  i8042: I8042.STATE_BYTES,
  rtc: Rtc.STATE_BYTES,
  power: PowerPorts.STATE_BYTES,
} as const;

export type Part = keyof typeof PARTS;

export class MachineBlock {
  readonly address: number;

  private constructor(address: number) {
    this.address = address;
  }

  /** Zeroed. It lives as long as the process does: every thread may look at it until the very end. */
  static create(): MachineBlock {
    const size = offsetOf(undefined);
    const mapping = Mapping.create(size, { about: "the machine's state", flags: MAP.SHARED | MAP.ANONYMOUS });
    return new MachineBlock(mapping.address);
  }

  static attach(address: number): MachineBlock {
    return new MachineBlock(address);
  }

  part(name: Part): ArrayBuffer {
    return memoryAt(this.addressOf(name), PARTS[name]);
  }

  /** @param isTimed whether the times of exits are wanted */
  exitCounters(vcpu: number, isTimed = false): ExitCounters {
    return new ExitCounters(this.part("exits"), vcpu * EXIT_COUNTER_BYTES, isTimed);
  }

  /** Where a part is in this process. */
  addressOf(name: Part): number {
    return this.address + offsetOf(name);
  }
}

/** Where a part starts; for undefined, where all of them end. */
function offsetOf(wanted: Part | undefined): number {
  let offset = 0;
  for (const name of Object.keys(PARTS) as Part[]) {
    if (name === wanted) return offset;
    offset += Math.ceil(PARTS[name] / CACHE_LINE) * CACHE_LINE;
  }
  return offset;
}
