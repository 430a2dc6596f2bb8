/** The kernel that `volt kernel build` makes, in the same tests as the stock one. Building it takes minutes, once. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { builtKernel } from "../../scripts/guest-kernel.ts";
import { guest, LIMIT, startVolt } from "../e2e/guests/volt.ts";

setDefaultTimeout(LIMIT);
const { name } = await builtKernel();
const built = ["--kernel", name];

test.concurrent("boots without a module, with its console, clock, randomness and power button", async () => {
  const script = [
    "uname -r",
    "lsmod | wc -l",
    "cat /sys/devices/system/clocksource/clocksource0/current_clocksource",
    "cat /sys/class/misc/hw_random/rng_current",
    "grep -l 'Power Button' /sys/class/input/*/name | wc -l",
    "test -e /dev/ptp0 && echo ptp",
    "zcat /proc/config.gz | grep -c '^CONFIG_VIRTIO_BLK=y'",
    "exit 7",
  ].join("; ");
  const { status, stdout } = await guest(script, built);
  expect(status).toBe(7);
  expect(stdout).toMatch(/^6\.\d+\.\d+-volt\n1\nkvm-clock\nvirtio_rng\.0\n1\nptp\n1\n$/);
});

test.concurrent.each([
  ["a power-off", "poweroff -f", "", 0],
  ["a reset by the keyboard controller", "reboot -f", "", 0],
  ["a reset as ACPI says", "reboot -f", "reboot=a", 0],
  ["a panic", "echo c >/proc/sysrq-trigger", "", 124],
] as const)("ends by %s with the status it should have", async (_, script, append, expected) => {
  const { status } = await guest(script, append === "" ? built : [...built, "--append", append]);
  expect(status).toBe(expected);
});

test.concurrent("goes down when it is asked to, by its power button", async () => {
  await using running = await startVolt([
    ...built,
    "--",
    "sh",
    "-c",
    "trap 'exit 9' TERM; echo up; while :; do sleep 0.1; done",
  ]);
  await running.printed("up\n");
  running.signal("SIGTERM");
  expect((await running.end()).status).toBe(9);
});

test.concurrent("boots by PVH, and with several processors", async () => {
  const { status, stdout } = await guest("nproc", [...built, "--boot-protocol", "pvh", "--cpus", "2"]);
  expect({ status, stdout }).toEqual({ status: 0, stdout: "2\n" });
});

test.concurrent("without ACPI finds its processors and its virtio devices all the same", async () => {
  const { status, stdout } = await guest("nproc; ls /sys/bus/virtio/devices; exit 4", [
    ...built,
    ...["--cpus", "2", "--append", "acpi=off"],
  ]);
  expect({ status, stdout }).toEqual({ status: 4, stdout: "2\nvirtio0\nvirtio1\n" });
});
