/** What a Linux guest does to its disk and its network shows in the metrics while it runs. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { sharedHost } from "../../testbed/shared.ts";
import { GuestTap } from "./tap.ts";
import { LIMIT, startVolt } from "./volt.ts";

setDefaultTimeout(LIMIT);
const KIB = 1024;
const PINGS = 5;
const PING_BYTES = 1000;
/** Ethernet's, IP's and ICMP's headers, and virtio's. */
const HEADERS = 14 + 20 + 8 + 12;

async function onHost(script: string): Promise<string> {
  const host = await sharedHost();
  const { status, stdout, stderr } = await host.run(["sh", "-c", script]);
  if (status !== 0) throw new Error(`${script}: status ${status}: ${stderr}`);
  return stdout.toString();
}

/** A metric's value by its name and labels, as they are written. */
function valueIn(text: string, name: string): number {
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  if (line === undefined) throw new Error(`there is no ${name} in ${text}`);
  return Number(line.slice(name.length + 1));
}

test("a guest's reads, writes, packets and exits are counted in both formats", async () => {
  await using tap = await GuestTap.create();
  const folder = (await onHost("mktemp -d /tmp/volt-metrics-XXXXXX")).trim();
  await onHost(`truncate -s 8M ${folder}/disk`);
  const disk =
    "dd if=/dev/vda of=/dev/null bs=64k count=16 2>/dev/null; dd if=/dev/zero of=/dev/vda bs=4k count=3 conv=fsync 2>/dev/null";
  const script = `${disk}; ${tap.setUp}; ${tap.pings(PINGS, PING_BYTES)}; echo done; read line`;
  const flags = [
    ...["--disk", `${folder}/disk,id=data`, "--net", `tap=${tap.name}`, "--api", `${folder}/api`],
    ...["--metrics-path", `${folder}/metrics`, "--id", "counted"],
  ];
  // Its shell waits for a line that never comes.
  const waits = new Promise<void>(() => {});
  await using vm = await startVolt([...flags, "--", "sh", "-c", script], {
    stdin: (async function* () {
      await waits;
      yield Buffer.of();
    })(),
  });
  await vm.printed("done\n");
  const text = await onHost(`curl -s --unix-socket ${folder}/api http://localhost/volt/metrics`);
  const counted = (name: string) => valueIn(text, name);

  expect(vm.stdout).toContain(`${PINGS} answers\n`);
  expect(counted('volt_block_read_bytes_total{device="data"}')).toBeGreaterThanOrEqual(1024 * KIB);
  expect(counted('volt_block_written_bytes_total{device="data"}')).toBe(12 * KIB);
  expect(counted('volt_block_flushes_total{device="data"}')).toBeGreaterThanOrEqual(1);
  const pinged = PINGS * (PING_BYTES + HEADERS);
  expect(counted('volt_net_sent_packets_total{device="net0"}')).toBeGreaterThanOrEqual(PINGS + 1);
  expect(counted('volt_net_sent_bytes_total{device="net0"}')).toBeWithin(pinged, pinged + 20 * KIB);
  expect(counted('volt_net_received_bytes_total{device="net0"}')).toBeWithin(pinged, pinged + 20 * KIB);
  expect(counted('volt_device_interrupts_total{device="data",kind="block"}')).toBeGreaterThan(0);
  expect(counted('volt_device_errors_total{device="data",kind="block"}')).toBe(0);
  // Each driver writes dozens of registers as it begins; every byte of the console is a write.
  expect(counted('volt_vcpu_exits_total{vcpu="0",reason="mmio_write"}')).toBeGreaterThan(50);
  expect(counted('volt_vcpu_exits_total{vcpu="0",reason="io_out"}')).toBeGreaterThan(10);
  expect(counted("volt_serial_written_bytes_total")).toBeGreaterThanOrEqual("done\n".length);
  expect(counted("volt_boot_seconds")).toBeGreaterThan(counted("volt_start_seconds"));

  await onHost(
    `curl -s --unix-socket ${folder}/api -X PUT -d '{"action_type":"FlushMetrics"}' http://localhost/actions`,
  );
  const [first, flushed] = (await onHost(`cat ${folder}/metrics`))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(first.block_data.read_bytes).toBe(0);
  expect(flushed.block_data).toMatchObject({
    write_bytes: 12 * KIB,
    write_count: counted('volt_block_writes_total{device="data"}'),
  });
  expect(flushed.block).toMatchObject({ ...flushed.block_data });
  expect(flushed.net_net0.tx_bytes_count).toBeGreaterThanOrEqual(pinged);
  expect(flushed.net_net0.tx_queue_event_count).toBeGreaterThan(0);
  expect(flushed.interrupts.triggers).toBeGreaterThan(0);
  const { exit_mmio_write: writes, exit_mmio_write_agg: times } = flushed.vcpu;
  expect(writes).toBeGreaterThan(50);
  expect(times.min_us).toBeLessThanOrEqual(times.sum_us / writes);
  expect(times.max_us).toBeGreaterThanOrEqual(Math.floor(times.sum_us / writes));
  vm.signal("SIGKILL");
  await vm.end();
  await onHost(`rm -r ${folder}`);
});
