/**
 * The tests of devices once more, in the kernel that `volt kernel build` makes: everything is built in there, and nothing is
 * loaded that could hide what a device lacks at boot.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { builtKernel } from "../../scripts/guest-kernel.ts";

const DEVICES = ["disk", "live-disk", "net", "mmds", "vsock", "balloon", "rng", "virtio-console"];
const LIMIT_MS = 30 * 60_000;
const { name } = await builtKernel();

test.each(DEVICES)(
  "%s",
  async (device) => {
    const file = join(import.meta.dirname, `../e2e/guests/${device}.test.ts`);
    const run = Bun.spawn([process.execPath, "test", "--retry", "1", file], {
      env: { ...process.env, VOLT_TEST_KERNEL: name },
      stdio: ["ignore", "ignore", "pipe"],
      timeout: LIMIT_MS,
    });
    const said = await run.stderr.text();

    expect({ status: await run.exited, failed: said.split("\n").filter((line) => line.startsWith("(fail)")) }).toEqual({
      status: 0,
      failed: [],
    });
    expect(said).toMatch(/^ [1-9]\d* pass$/m);
  },
  LIMIT_MS,
);
