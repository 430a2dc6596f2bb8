import { BootError } from "./error.ts";
import { hex } from "./pack.ts";

/**
 * Guest-physical addresses a kernel may occupy: `lowest <= address < highest`. Below are the structures
 * volt itself hands to the guest (zero page, page tables, ACPI); above, there is no RAM.
 */
export interface LoadLimits {
  readonly lowest: number;
  readonly highest: number;
}

/**
 * @param what the part that wants the range, for the message.
 * @throws BootError when `size` bytes at `address` do not lie inside the limits; no value can wrap around.
 */
export function checkRange(where: string, what: string, address: number, size: number, limits: LoadLimits): void {
  if (address < limits.lowest) {
    throw new BootError(
      where,
      `${what} would be loaded at ${hex(address)}, below ${hex(limits.lowest)}, where volt keeps its boot tables`,
      "link the kernel at 1 MiB or above",
    );
  }
  if (!(address + size <= limits.highest)) {
    throw new BootError(
      where,
      `${what} needs guest memory up to ${hex(address + size)} but it ends at ${hex(limits.highest)}`,
      "give the VM more --memory, or check that the file is a kernel",
    );
  }
}
