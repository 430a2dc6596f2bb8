/** All that is known, in the order in which it happens. */
import type { Stall } from "../stall.ts";
import { acpi, keyboardProbe, pciScan, serialOutput, serialProbe } from "./chips.ts";
import { apicCalibration, delayLoop, tscCalibration } from "./clocks.ts";
import { decompression, deviceTimeout, entropy, initramfs, panicWait, rootDelay } from "./waits.ts";

export const STALLS: readonly Stall[] = [
  ...[decompression, tscCalibration, delayLoop, apicCalibration, acpi, pciScan, initramfs, serialProbe, keyboardProbe],
  ...[serialOutput, entropy, deviceTimeout, rootDelay, panicWait],
];
