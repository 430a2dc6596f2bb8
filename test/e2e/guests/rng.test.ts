import { expect, setDefaultTimeout, test } from "bun:test";
import { guest, LIMIT } from "./volt.ts";

setDefaultTimeout(LIMIT);
const READ = "dd if=/dev/hwrng bs=64 count=4 2>/dev/null";
const CURRENT = "cat /sys/class/misc/hw_random/rng_current";

test.concurrent("the guest's hardware generator is volt's entropy device, found by ACPI", async () => {
  const script = `${CURRENT}; ${READ} | wc -c; grep -c virtio0 /proc/interrupts; ls /sys/bus/virtio/devices`;
  const { status, stdout, log } = await guest(script, ["--no-balloon"]);

  expect({ status, stdout, log }).toEqual({ status: 0, stdout: "virtio_rng.0\n256\n1\nvirtio0\n", log: "" });
});

test.concurrent("gives no guest the same bytes twice", async () => {
  const { stdout } = await guest(`${READ} | md5sum; ${READ} | md5sum; head -c 300000 /dev/hwrng | gzip | wc -c`);
  const [first, second, packed] = stdout.split("\n");

  expect(first).toMatch(/^[0-9a-f]{32} /);
  expect(first).not.toBe(second!);
  // Random bytes can't be compressed.
  expect(Number(packed)).toBeGreaterThan(300_000);
});

test.concurrent("works again after its driver was taken off and put back, ten times, with two processors at it", async () => {
  const driver = "/sys/bus/virtio/drivers/virtio_rng";
  const rebind = `echo virtio0 >${driver}/unbind; ${CURRENT}; echo virtio0 >${driver}/bind`;
  const reader = "(head -c 65536 /dev/hwrng >/dev/null 2>&1 &)";
  // Linux warns if a queue is still up after a reset.
  const sane = "head -c 65536 /dev/hwrng | wc -c; dmesg | grep -c 'WARNING.*virtio'";
  const script = `for i in 1 2 3 4 5 6 7 8 9 10; do ${reader}; ${rebind}; done; ${sane}`;
  const { stdout, log } = await guest(script, ["--cpus", "2"]);

  expect({ stdout, log }).toEqual({ stdout: `${"none\n".repeat(10)}65536\n0\n`, log: "" });
});

test.concurrent("is not there with --no-rng", async () => {
  const { status, stdout } = await guest(`${CURRENT}; ls /sys/bus/virtio/devices 2>/dev/null | wc -l`, [
    "--no-rng",
    "--no-balloon",
  ]);

  expect({ status, stdout }).toEqual({ status: 0, stdout: "none\n0\n" });
});

test.concurrent("a guest without ACPI is told of it on the command line, one with ACPI is not", async () => {
  const [without, within] = await Promise.all([
    guest("cat /proc/cmdline", ["--no-balloon", "--append", "acpi=off"]),
    guest("cat /proc/cmdline", ["--no-balloon"]),
  ]);

  expect(without.stdout).toStartWith("virtio_mmio.device=4K@0xc0001000:5 console=ttyS0 ");
  expect(within.stdout).not.toContain("virtio_mmio");
});
