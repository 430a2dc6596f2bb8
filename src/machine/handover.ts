/** What the main thread tells a vCPU's thread once the VM exists: JSON in the shared block, published by an eventfd. */
import type { Region } from "../memory/guest.ts";

export interface Handover {
  /** The VM's descriptor. */
  readonly vm: number;
  readonly regions: readonly Region[];
  /** Descriptor of each vCPU. */
  readonly vcpus: readonly number[];
  /** Bytes of a vCPU's kvm_run mapping. */
  readonly runSize: number;
}

const LENGTH_BYTES = 4;

export function writeHandover(memory: ArrayBuffer, handover: Handover): void {
  const bytes = Buffer.from(JSON.stringify(handover));
  new DataView(memory).setUint32(0, bytes.length, true);
  new Uint8Array(memory, LENGTH_BYTES).set(bytes);
}

export function readHandover(memory: ArrayBuffer): Handover {
  const length = new DataView(memory).getUint32(0, true);
  return JSON.parse(Buffer.from(memory, LENGTH_BYTES, length).toString());
}
