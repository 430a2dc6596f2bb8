/** The host's time, for a guest that keeps its own by it. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { sharedHost } from "../../testbed/shared.ts";
import { guestProgram } from "./program.ts";
import { guest, LIMIT } from "./volt.ts";

setDefaultTimeout(LIMIT);
const ptp = guestProgram(join(import.meta.dirname, "clock/ptp.c"));

async function hostSeconds(): Promise<number> {
  return Number((await (await sharedHost()).run(["date", "+%s"])).stdout.toString());
}

test("a PTP clock shows the host's time, whatever the guest's own clock says", async () => {
  const script = `${ptp.install}; date -s @1000000 >/dev/null; modprobe ptp_kvm; cat /sys/class/ptp/ptp0/clock_name; /tmp/ptp /dev/ptp0; date +%s`;
  const before = await hostSeconds();
  const { status, stdout } = await guest(script, [], { stdin: ptp.bytes });
  const after = await hostSeconds();

  expect(status).toBe(0);
  const [name, shown, own] = stdout.split("\n");
  expect(name).toBe("KVM virtual PTP");
  expect(Number(shown)).toBeGreaterThanOrEqual(before);
  expect(Number(shown)).toBeLessThanOrEqual(after);
  expect(Number(own)).toBeLessThan(1_001_000);
});
