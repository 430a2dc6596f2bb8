/** All that is known, in the order in which it happens. */
import type { Stall } from "../stall.ts";
import { acpi, keyboardProbe, pciScan, serialOutput, serialProbe } from "./chips.ts";
import { apicCalibration, delayLoop, tscCalibration } from "./clocks.ts";
import { cryptoTests, decompression, deviceTimeout, entropy, initramfs, panicWait, rootDelay } from "./waits.ts";

export const STALLS: readonly Stall[] = [
  ...[decompression, tscCalibration, delayLoop, apicCalibration, acpi, pciScan, initramfs, serialProbe, keyboardProbe],
  ...[cryptoTests, serialOutput, entropy, deviceTimeout, rootDelay, panicWait],
];
