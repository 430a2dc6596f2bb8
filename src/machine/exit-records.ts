/** With `--trace`: what each vCPU left KVM for while its guest booted. */
import type { KvmRun } from "../../ffi/kvm/run.ts";
import { MAP, Mapping, memoryAt } from "../../ffi/memory.ts";
import { MmioBus, PortBus } from "../devices/bus.ts";
import { EXIT_RECORD_BYTES, type ExitRecord, ExitRecorder, readExitRecord } from "../observe/exit-record.ts";
import type { Timeline } from "../observe/timeline.ts";

/** Memory that lives as long as the process does, one record a vCPU. */
export class ExitRecords {
  readonly #mapping: Mapping;
  readonly #vcpus: number;

  constructor(vcpus: number) {
    const flags = MAP.SHARED | MAP.ANONYMOUS | MAP.NORESERVE;
    this.#mapping = Mapping.create(vcpus * EXIT_RECORD_BYTES, { about: "the record of exits", flags });
    this.#vcpus = vcpus;
  }

  /** What its thread is told. */
  address(vcpu: number): number {
    return this.#mapping.address + vcpu * EXIT_RECORD_BYTES;
  }

  read(): ExitRecord[] {
    return Array.from({ length: this.#vcpus }, (_, vcpu) =>
      readExitRecord(memoryAt(this.address(vcpu), EXIT_RECORD_BYTES)),
    );
  }
}

/** A vCPU's end of it. The boot is over when the guest says so, or never. */
export function attachRecorder(address: number, timeline: Timeline): ExitRecorder {
  return new ExitRecorder(memoryAt(address, EXIT_RECORD_BYTES), () => timeline.has("guest user space"));
}

export class RecordedPorts extends PortBus {
  readonly #recorder: ExitRecorder;

  constructor(recorder: ExitRecorder) {
    super();
    this.#recorder = recorder;
  }

  override serve(run: KvmRun): void {
    this.#recorder.port(run.ioPort, run.ioIsOut, run.ioCount);
    super.serve(run);
  }
}

export class RecordedMmio extends MmioBus {
  readonly #recorder: ExitRecorder;

  constructor(recorder: ExitRecorder, base: number, windows: number) {
    super(base, windows);
    this.#recorder = recorder;
  }

  override serve(run: KvmRun): void {
    this.#recorder.mmio(run.mmioAddress);
    super.serve(run);
  }
}
