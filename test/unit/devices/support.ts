/** What devices are connected to in tests. */
import type { GuestEnd, InterruptLine, MachineEvents } from "../../../src/devices/device.ts";

/** Counts edges. */
export class CountingLine implements InterruptLine {
  raised = 0;

  raise(): void {
    this.raised++;
  }

  /** Edges since the last call. */
  take(): number {
    const { raised } = this;
    this.raised = 0;
    return raised;
  }
}

/** Remembers what the chips told the machine. */
export class RecordedEvents implements MachineEvents {
  readonly ends: GuestEnd[] = [];
  readonly statuses: number[] = [];

  end(how: GuestEnd): void {
    this.ends.push(how);
  }

  exitStatus(status: number): void {
    this.statuses.push(status);
  }
}

export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (bytes: Iterable<number>): string => String.fromCharCode(...bytes);

/** Bytes that tell where they were: no stretch of them looks like another. */
export function patterned(length: number, from = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = patternAt(from + i);
  return bytes;
}

export function patternAt(index: number): number {
  return (index ^ (index >> 8) ^ (index >> 16)) & 0xff;
}
