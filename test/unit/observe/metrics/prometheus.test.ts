import { expect, test } from "bun:test";
import { newMmdsCounters } from "../../../../src/devices/mmds/counters.ts";
import { newCounters as balloon } from "../../../../src/devices/virtio/balloon/counters.ts";
import { newCounters as block } from "../../../../src/devices/virtio/blk/counters.ts";
import { newCounters as console } from "../../../../src/devices/virtio/console/counters.ts";
import { newCounters as net } from "../../../../src/devices/virtio/net/counters.ts";
import { newCounters as entropy } from "../../../../src/devices/virtio/rng/counters.ts";
import { newCounters as vsock } from "../../../../src/devices/virtio/vsock/counters.ts";
import { COMMON, OWN } from "../../../../src/observe/metrics/device-metrics.ts";
import { prometheusText } from "../../../../src/observe/metrics/prometheus.ts";
import { METRICS } from "../../../../src/observe/metrics/registry.ts";
import { device, readings, vcpuReading } from "./readings.ts";

const COUNTERS: Readonly<Record<keyof typeof OWN, Readonly<Record<string, number>>>> = {
  balloon: balloon(),
  block: block(),
  console: console(),
  entropy: entropy(),
  net: { ...net(), ...newMmdsCounters() },
  vsock: vsock(),
};

const KINDS = Object.keys(OWN) as (keyof typeof OWN)[];

test.each(KINDS)("every counter of a %s device is a metric, and no other is", (kind) => {
  const own = Object.keys(COUNTERS[kind]).filter((name) => !Object.hasOwn(COMMON, name));
  expect(Object.keys(OWN[kind]).sort()).toEqual(own.sort());
});

test("a name is given once, says its unit as Prometheus wants it, and has one line of help", () => {
  const names = METRICS.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
  for (const { name, type, help } of METRICS) {
    expect(name).toMatch(/^(volt|process)_[a-z][a-z0-9_]*$/);
    expect(name.endsWith("_total")).toBe(type === "counter");
    expect(help).toMatch(/^[^\n\\]+$/);
  }
});

test("each metric has its help, its type and a line for each thing it tells of", () => {
  const text = prometheusText(
    readings({
      devices: [device("block", "root", { operations: 5, reads: 3 }), device("block", "data", { reads: 1 })],
      vcpus: [vcpuReading({ io_in: { count: 2, sumUs: 3, shortestUs: 1, longestUs: 2 } }), vcpuReading()],
    }),
  );
  expect(text).toContain(
    "# HELP volt_block_reads_total Reads that were done.\n# TYPE volt_block_reads_total counter\n" +
      'volt_block_reads_total{device="root"} 3\nvolt_block_reads_total{device="data"} 1\n#',
  );
  expect(text).toContain('volt_device_operations_total{device="root",kind="block"} 5\n');
  expect(text).toContain('volt_vcpu_exits_total{vcpu="0",reason="io_in"} 2\n');
  expect(text).toContain('volt_vcpu_exit_seconds_total{vcpu="0",reason="io_in"} 0.000003\n');
  expect(text).toContain('volt_info{id="one",version="1.2.3"} 1\n');
  expect(text).not.toContain("volt_net_");
});

test("every line is one of the format's, whatever is in a label", () => {
  const counts = readings().counts;
  counts.api["PUT drives"] = { requests: 2, failures: 1 };
  const text = prometheusText(readings({ id: 'a"b\\c\nd', counts, devices: [device("net", "eth0")] }));
  const line =
    /^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\{[a-z]+="(?:[^"\\\n]|\\.)*"(?:,[a-z]+="(?:[^"\\\n]|\\.)*")*\})? [0-9.e+-]+)$/;
  expect(text.endsWith("\n")).toBe(true);
  for (const one of text.slice(0, -1).split("\n")) expect(one).toMatch(line);
  expect(text).toContain('volt_info{id="a\\"b\\\\c\\nd",version="1.2.3"} 1\n');
  expect(text).toContain('volt_api_failures_total{method="PUT",resource="drives"} 1\n');
});

test("what has not happened yet is not told", () => {
  expect(prometheusText(readings())).not.toContain("volt_boot_seconds");
  const timeline = [{ phase: "guest user space", ms: 250 } as const];
  expect(prometheusText(readings({ timeline }))).toContain("volt_boot_seconds 0.25\n");
});
