import type { GuestAddress } from "./address.ts";

/** What a driver wrote into a queue's registers, unchecked: unsigned 32-bit numbers. */
export interface QueueSettings {
  /** The most entries this queue may have: volt's own. */
  readonly max: number;
  readonly size: number;
  readonly isReady: boolean;
  readonly descriptorTable: GuestAddress;
  /** The available ring. */
  readonly driverArea: GuestAddress;
  /** The used ring. */
  readonly deviceArea: GuestAddress;
}
