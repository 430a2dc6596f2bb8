/** Messages on the control queues (virtio 1.2, section 5.3.6.2): a port's number, an event, a value. */
import type { TerminalSize } from "./config.ts";

/** Bytes of a message without what follows it: a name, a size. */
export const CONTROL_BYTES = 8;

/** Events under the specification's names. The first three rows are the driver's to send. */
export const Event = {
  DEVICE_READY: 0,
  PORT_READY: 3,
  /** Sent by both. */
  PORT_OPEN: 6,
  PORT_ADD: 1,
  CONSOLE_PORT: 4,
  RESIZE: 5,
  PORT_NAME: 7,
} as const;

export interface ControlMessage {
  readonly port: number;
  readonly event: number;
  readonly value: number;
}

export function decodeControl(bytes: Uint8Array): ControlMessage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { port: view.getUint32(0, true), event: view.getUint16(4, true), value: view.getUint16(6, true) };
}

export function encodeControl({ port, event, value }: ControlMessage, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(CONTROL_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, port, true);
  view.setUint16(4, event, true);
  view.setUint16(6, value, true);
  bytes.set(payload, CONTROL_BYTES);
  return bytes;
}

/** What follows RESIZE. The specification puts columns first; every Linux there is reads rows first, and it is who reads this. */
export function resizePayload({ columns, rows }: TerminalSize): Uint8Array {
  return Uint8Array.of(rows, rows >> 8, columns, columns >> 8);
}
