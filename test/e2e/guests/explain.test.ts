/** `volt explain boot` of a real Linux: what it says has to be of this boot. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { stockKernel } from "../../../scripts/guest-kernel.ts";
import { sharedHost } from "../../testbed/shared.ts";
import { takeTurn } from "./turns.ts";
import { LIMIT, VOLT } from "./volt.ts";

setDefaultTimeout(LIMIT);

/** With a second try for a guest that crashed: those of a nested machine do that now and then (turns.ts). */
async function explain(...words: string[]) {
  const { store } = await stockKernel();
  const host = await sharedHost();
  const endTurn = await takeTurn();
  const command = [VOLT, "explain", "boot", "--seconds", "300", ...words];
  const once = () => host.run(command, { env: { VOLT_HOME: store }, timeoutMs: LIMIT });
  try {
    const end = await once();
    return end.stderr.includes("the guest crashed") ? await once() : end;
  } finally {
    endTurn();
  }
}

test("a boot with a talkative kernel is explained, and mended", async () => {
  const { status, stdout, stderr } = await explain("--apply", "--cmdline", "console=ttyS0 reboot=k panic=-1 pci=off");
  const text = stdout.toString();
  expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: "" });

  // The kernel's own functions, and what the guest left KVM for.
  expect(text).toMatch(/^ +\d+\.\d {2}\w+_init\w*$/m);
  expect(text).toMatch(/^ +\d+ in +\d+\.\d ms {2}ports 0x3f8 to 0x3ff: serial port$/m);
  expect(text).toMatch(/^ +\d+\.\d {2}serial output: \d+ bytes on ttyS0/m);
  const [, before, after] =
    /^ +(\d+\.\d) -> +(\d+\.\d) {2}from the process's start to the guest's user space$/m.exec(text) ?? [];
  expect(Number(before)).toBeGreaterThan(0);
  expect(Number(after)).toBeGreaterThan(0);
  expect(text).toMatch(/the command line then: console=ttyS0 .*\bquiet loglevel=1\b/);
});
