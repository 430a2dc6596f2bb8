/** What the main thread's pieces share of a machine that was built. */
import type { CrashGuard } from "../../ffi/crash-guard.ts";
import type { MmdsStore } from "../devices/mmds/store.ts";
import type { VirtioDevice } from "../devices/virtio/device.ts";
import type { GuestMemory } from "../memory/guest.ts";
import type { Counts } from "../observe/metrics/counts.ts";
import type { Timeline } from "../observe/timeline.ts";
import type { MachineBlock } from "./block.ts";
import type { ExitRecords } from "./exit-records.ts";
import type { Face } from "./face.ts";
import type { Interrupts, LineNumbers } from "./lines.ts";
import type { MachineLog } from "./log.ts";
import type { Plan } from "./plan.ts";
import type { MachineSandbox } from "./sandbox.ts";
import type { MachineState } from "./state.ts";
import type { VcpuPause } from "./threads/pause.ts";

export interface MachineParts {
  readonly face: Face;
  readonly plan: Plan;
  readonly block: MachineBlock;
  readonly lines: LineNumbers;
  readonly interrupts: Interrupts;
  readonly state: MachineState;
  readonly timeline: Timeline;
  readonly counts: Counts;
  /** With `--trace`. */
  readonly exitRecords: ExitRecords | undefined;
  readonly log: MachineLog;
  /** Whether the guest uses ACPI, and so has a power button. */
  readonly hasAcpi: boolean;
  /** Whether the console's reader is volt's own init, which takes piped input framed. */
  readonly framesInput: boolean;
  readonly memory: GuestMemory;
  /** The back ends of its virtio devices, in their order. */
  readonly devices: readonly VirtioDevice[];
  readonly mmds: MmdsStore;
  /** Where stdin is a terminal. */
  readonly crashGuard: CrashGuard | undefined;
  readonly sandbox: MachineSandbox;
  /** Stops all vCPUs, lets them go on. */
  readonly vcpus: VcpuPause;
}
