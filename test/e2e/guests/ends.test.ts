import { expect, setDefaultTimeout, test } from "bun:test";
import { stockKernel } from "../../../scripts/guest-kernel.ts";
import { guest, LIMIT } from "./volt.ts";

setDefaultTimeout(LIMIT);
const { bzImage } = await stockKernel();

const DOWN = /^\[ *\d+\.\d+\] reboot: Power down\r\n$/;
const RESTART = /^\[ *\d+\.\d+\] reboot: Restarting system\r\n$/;
const NOTHING = /^$/;

/** What the guest does, more of the kernel's command line, volt's status and what is left on the console. */
const ENDS: readonly [string, string, string, number, RegExp][] = [
  ["a guest that powers off", "poweroff -f", "", 0, DOWN],
  ["a guest that resets by the keyboard controller", "reboot -f", "", 0, RESTART],
  ["a guest that resets as ACPI says", "reboot -f", "reboot=a", 0, RESTART],
  ["a guest that ends in a triple fault", "reboot -f", "reboot=t", 124, RESTART],
  ["a command that exits with 7", "exit 7", "", 7, NOTHING],
  ["a command that dies of SIGTERM", "kill -TERM $$", "", 143, NOTHING],
  ["a guest that says volt-exit 42", "volt-exit 42; sleep 1000", "", 42, NOTHING],
];

test.concurrent.each(ENDS)("%s has the status that it should", async (_, script, append, expected, console) => {
  const { status, stdout, log } = await guest(script, append === "" ? [] : ["--append", append]);

  expect({ status, log }).toEqual({ status: expected, log: "" });
  expect(stdout).toMatch(console);
});

test.concurrent("a kernel that panics and says so has status 124, and its last words are on the console", async () => {
  const { status, stdout, log } = await guest("echo c >/proc/sysrq-trigger");

  expect({ status, log }).toEqual({ status: 124, log: "" });
  expect(stdout).toContain("Kernel panic - not syncing: sysrq triggered crash");
});

test.concurrent("a kernel that panics without a pvpanic driver just resets", async () => {
  // Outside the store there are no modules.
  const { status, stdout } = await guest("echo c >/proc/sysrq-trigger", ["--kernel", bzImage]);

  expect(status).toBe(0);
  expect(stdout).toContain("Kernel panic - not syncing: sysrq triggered crash");
});
