/** The balloon of a guest whose kernel's pages are mapped from their file. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { atSteps, FILL, ownMemoryBelow } from "../e2e/guests/steps.ts";
import { LIMIT } from "../e2e/guests/volt.ts";

setDefaultTimeout(LIMIT);
const MIB = 2 ** 20;

test("a guest on mapped kernel pages gives up what it can, and lives", async () => {
  const script = `${FILL}; rm /tmp/zeros; step empty; ${FILL}; wc -c </tmp/zeros; uname -s`;
  const flags = ["--memory", "256M", "--balloon", "64M", "--load", "map"];
  const { seen, status, stdout } = await atSteps(script, flags, (vm) => ownMemoryBelow(vm, 130));

  expect(status).toBe(0);
  expect(seen["empty"]).toBeLessThan(130);
  expect(stdout).toEndWith(`\n${120 * MIB}\nLinux\n`);
});
