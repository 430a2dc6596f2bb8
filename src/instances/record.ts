/** What is written down of a VM as it starts. */
import { Fd, type FileIdentity, O } from "../../ffi/fd.ts";
import { readTextFile } from "../../ffi/files.ts";

export interface InstanceRecord {
  readonly id: string;
  readonly pid: number;
  /** The process's, in clock ticks since the host's start: with it a process id that was given out again is noticed. */
  readonly start_time: number;
  /** ISO 8601. */
  readonly started: string;
  /** The control API's socket. */
  readonly api: string;
  /** Which file that is: undefined where it is in the VM's own folder. */
  readonly api_identity?: FileIdentity;
  readonly kernel: string;
  readonly vcpu_count: number;
  readonly mem_size_mib: number;
  /** `volt run -d`: its output is in its folder. */
  readonly detached: boolean;
}

/** In one write: a reader finds all of it, or nothing yet. @throws SystemError */
export function writeRecord(path: string, record: InstanceRecord): void {
  using file = Fd.open(path, O.WRONLY | O.CREAT | O.TRUNC | O.NOFOLLOW);
  file.writeAll(Buffer.from(`${JSON.stringify(record)}\n`));
}

/** Undefined when there is none yet, or what is there is none of ours. */
export function readRecord(path: string): InstanceRecord | undefined {
  try {
    const record: InstanceRecord = JSON.parse(readTextFile(path) ?? "null");
    const isRecord = typeof record?.id === "string" && Number.isInteger(record.pid) && typeof record.api === "string";
    return isRecord ? record : undefined;
  } catch {
    return undefined;
  }
}
