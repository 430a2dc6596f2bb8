/** Limits that hold for the whole process. */
import { limit, RLIMIT } from "../../../ffi/rlimit.ts";
import type { Step } from "../step.ts";

/**
 * A VM with every device it can have, each with every queue, stays under a thousand, a vsock's 1,023 connections have two
 * a connection at most.
 */
export const MOST_DESCRIPTORS = 4096;

export function limitSteps(): Step[] {
  const prlimit = (about: string, resource: number, value: number): Step => ({
    layer: "limits",
    call: "prlimit64",
    arguments: [0, resource, limit(value), 0],
    about,
  });
  return [
    // Guest memory is the guest's secret: no core of it, whatever kernel.core_pattern says.
    prlimit("core dumps can't be turned off", RLIMIT.CORE, 0),
    // A hard limit below the wanted one stays: raising it would need a privilege.
    { ...prlimit("the number of descriptors can't be limited", RLIMIT.NOFILE, MOST_DESCRIPTORS), orElse: "go on" },
  ];
}
