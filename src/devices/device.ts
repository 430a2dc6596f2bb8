/**
 * What a device is to the rest of volt. A device never knows which thread runs it: its registers live in a block of
 * memory that every thread maps a view on, so whichever vCPU touches a register serves the access itself.
 */

/** A device behind I/O ports. Reads and writes happen on the exiting vCPU's thread: no allocation, no waiting, no exception. */
export interface PortDevice {
  /** Answers a read of `size` bytes (1, 2 or 4), `offset` ports after the window's first. */
  read(offset: number, size: number): number;
  /** Takes a write of `size` bytes (1, 2 or 4). `value` is an unsigned 32-bit number. */
  write(offset: number, size: number, value: number): void;
}

/** A device behind a window of guest-physical memory. Same rules. */
export interface MmioDevice {
  /** Fills `length` bytes (1 to 8) of `data` from index `at`, for a read `offset` bytes into the window. */
  read(offset: number, data: Uint8Array, at: number, length: number): void;
  /** Takes a write of `length` bytes (1 to 8), found in `data` from index `at`. */
  write(offset: number, data: Uint8Array, at: number, length: number): void;
}

/** An edge-triggered interrupt line: of KVM's chips under a running VM, a counter in tests. */
export interface InterruptLine {
  raise(): void;
}

/** How a guest can ask for its own end. */
export type GuestEnd = "poweroff" | "reset" | "panic";

/** What the chips tell the machine. Called on a vCPU's thread. */
export interface MachineEvents {
  /** The guest is going down: after this access no vCPU enters it again. */
  end(how: GuestEnd): void;
  /** The byte (1..255) volt exits with, should the guest go down. The last one counts. */
  exitStatus(status: number): void;
}
