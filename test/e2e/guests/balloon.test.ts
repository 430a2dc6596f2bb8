/** The balloon: memory that goes back to the host, and comes back to the guest. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sharedHost } from "../../testbed/shared.ts";
import { atSteps, FILL, ownMemory, ownMemoryBelow } from "./steps.ts";
import { LIMIT } from "./volt.ts";

setDefaultTimeout(LIMIT);
const MIB = 2 ** 20;

test("what the guest frees goes back to the host", async () => {
  const script = `${FILL}; step full; rm /tmp/zeros; step empty; ${FILL}; wc -c </tmp/zeros`;
  let full = 0;
  const { seen, status, stdout } = await atSteps(script, ["--memory", "256M", "--balloon", "0"], async (vm, step) => {
    if (step === "full") full = await ownMemory(vm);
    return step === "full" ? full : ownMemoryBelow(vm, full - 80);
  });

  expect(status).toBe(0);
  expect(seen["full"]).toBeGreaterThan(120);
  expect(seen["empty"]).toBeLessThan(full - 80);
  expect(stdout).toEndWith(`\n${120 * MIB}\n`);
});

test("an inflated balloon's pages are the host's, and the guest takes them back when it runs out", async () => {
  // Without reporting: what goes back to the host goes by the balloon.
  const config = join((await sharedHost()).share, "balloon.json");
  const balloon = { amount_mib: 160, free_page_reporting: false };
  writeFileSync(config, JSON.stringify({ "machine-config": { mem_size_mib: 256 }, balloon, entropy: {} }));
  // By binding, which a driver that is no module has as well.
  const script = [
    "cd /sys/bus/virtio/drivers/virtio_balloon; device=$(ls -d virtio*); echo $device >unbind",
    FILL,
    "rm /tmp/zeros; step before",
    "echo $device >bind",
    "until [ $(sed -n 's/MemFree: *//p' /proc/meminfo | cut -d' ' -f1) -lt 102400 ]; do sleep 0.1; done; step inflated",
    `${FILL}; wc -c </tmp/zeros`,
  ].join("; ");
  let before = 0;
  const { seen, status, stdout } = await atSteps(script, ["--config", config], async (vm, step) => {
    if (step === "before") before = await ownMemory(vm);
    return step === "before" ? before : ownMemoryBelow(vm, before - 80);
  });

  expect(status).toBe(0);
  expect(seen["before"]).toBeGreaterThan(120);
  expect(seen["inflated"]).toBeLessThan(before - 80);
  expect(stdout).toEndWith(`\n${120 * MIB}\n`);
});
