import type { PlannedConnection } from "./connection.ts";

/** Firecracker's default, in bytes. */
export const MAX_BODY_BYTES = 51_200;

/** The server as it crosses an exec: pure data, and descriptors that survive it. */
export interface PlannedApi {
  readonly listener: number;
  readonly maxBodyBytes: number;
  readonly connections: readonly PlannedConnection[];
}
