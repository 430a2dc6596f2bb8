/** Every metric that volt has: its name, what it means, and where its value comes from. docs/metrics.md shows this table. */
import { deviceMetrics } from "./device-metrics.ts";
import type { Metric, Sample } from "./metric.ts";
import { EXIT_REASONS, type Readings, type VcpuReading } from "./readings.ts";

const US = 1e-6;
const MS = 1e-3;

export const METRICS: readonly Metric[] = [
  {
    name: "volt_info",
    type: "gauge",
    help: "Always 1; the labels say which VM this is, and which volt.",
    labels: ["id", "version"],
    read: ({ id, version }) => [{ of: [id, version], value: 1 }],
  },
  gauge("volt_paused", "1 while the vCPUs stand still.", ({ isPaused }) => Number(isPaused)),
  gauge("volt_memory_bytes", "Memory of the guest, used or not.", ({ memoryBytes }) => memoryBytes),
  gauge("volt_vcpus", "vCPUs of the guest.", ({ vcpus }) => vcpus.length),
  counter("process_cpu_seconds_total", "CPU time of volt and its guest.", ({ cpuSeconds }) => cpuSeconds),
  phase("volt_start_seconds", "From the process's start to the first vCPU's.", "VM is running"),
  phase("volt_boot_seconds", "From the process's start until the guest said its user space runs.", "guest user space"),
  gauge("volt_pause_seconds", "How long the last pause took.", ({ counts }) => counts.latencies.pause * US),
  gauge("volt_resume_seconds", "How long the last resumption took.", ({ counts }) => counts.latencies.resume * US),

  {
    name: "volt_vcpu_exits_total",
    type: "counter",
    help: "Exits to volt, by what the guest did; interrupted: kicks and signals.",
    labels: ["vcpu", "reason"],
    read: ({ vcpus }) =>
      vcpus.flatMap(({ exits, interrupted }, vcpu) => [
        ...EXIT_REASONS.map((reason) => ({ of: [String(vcpu), reason], value: exits[reason].count })),
        { of: [String(vcpu), "interrupted"], value: interrupted },
      ]),
  },
  {
    name: "volt_vcpu_exit_seconds_total",
    type: "counter",
    help: "Time volt took to serve them. Measured where a metrics file is configured, else 0.",
    labels: ["vcpu", "reason"],
    read: ({ vcpus }) =>
      vcpus.flatMap(({ exits }, vcpu) =>
        EXIT_REASONS.map((reason) => ({ of: [String(vcpu), reason], value: exits[reason].sumUs * US })),
      ),
  },
  ofVcpus("volt_vcpu_failures_total", "Exits that can't be served: the machine ends.", ({ failures }) => failures),
  ofVcpus("volt_vcpu_device_faults_total", "Accesses at which a device failed.", ({ deviceFaults }) => deviceFaults),
  ofVcpus(
    "volt_vcpu_clock_failures_total",
    "Pauses the guest's clock was not told of: it uses no kvm-clock.",
    ({ clockFailures }) => clockFailures,
  ),

  ...deviceMetrics(),

  counter("volt_serial_written_bytes_total", "Bytes the guest wrote to the serial port.", (r) => r.serial.written),
  counter("volt_serial_read_bytes_total", "Bytes the guest read from it.", (r) => r.serial.read),
  counter(
    "volt_serial_dropped_bytes_total",
    "Written bytes nobody took.",
    (r) => r.serial.dropped + r.counts.lostConsoleBytes.missed,
  ),
  counter(
    "volt_serial_limited_bytes_total",
    "Written bytes beyond the limit.",
    (r) => r.counts.lostConsoleBytes.limited,
  ),
  counter("volt_keyboard_reads_total", "Reads of the keyboard controller.", (r) => r.keyboard.reads),
  counter("volt_keyboard_writes_total", "Writes to it.", (r) => r.keyboard.writes),

  ofRequests("volt_api_requests_total", "Requests to the API.", ({ requests }) => requests),
  ofRequests("volt_api_failures_total", "Requests that were refused.", ({ failures }) => failures),
  counter("volt_api_unknown_requests_total", "Requests for what is not there.", ({ counts }) => counts.unknownRequests),
  counter(
    "volt_api_deprecated_requests_total",
    "Requests that used what is on its way out.",
    ({ counts }) => counts.deprecatedRequests,
  ),
  counter("volt_log_missed_lines_total", "Log lines their target did not take.", ({ counts }) => counts.log.missed),
  counter(
    "volt_log_limited_lines_total",
    "Log lines left out: too many of one device's.",
    ({ counts }) => counts.log.limited,
  ),
  counter("volt_metrics_missed_lines_total", "Lines the metrics file did not take.", (r) => r.counts.missedMetrics),
  counter("volt_forbidden_calls_total", "Forbidden system calls an audit saw.", ({ forbiddenCalls }) => forbiddenCalls),
];

function counter(name: string, help: string, pick: (readings: Readings) => number): Metric {
  return { name, type: "counter", help, labels: [], read: (readings) => [{ of: [], value: pick(readings) }] };
}

function gauge(name: string, help: string, pick: (readings: Readings) => number): Metric {
  return { ...counter(name, help, pick), type: "gauge" };
}

/** Nothing before the phase was. */
function phase(name: string, help: string, wanted: string): Metric {
  const read = ({ timeline }: Readings): Sample[] =>
    timeline.filter(({ phase: was }) => was === wanted).map(({ ms }) => ({ of: [], value: ms * MS }));
  return { name, type: "gauge", help, labels: [], read };
}

function ofVcpus(name: string, help: string, pick: (vcpu: VcpuReading) => number): Metric {
  const read = ({ vcpus }: Readings): Sample[] =>
    vcpus.map((vcpu, number) => ({ of: [String(number)], value: pick(vcpu) }));
  return { name, type: "counter", help, labels: ["vcpu"], read };
}

function ofRequests(
  name: string,
  help: string,
  pick: (count: { readonly requests: number; readonly failures: number }) => number,
): Metric {
  const read = ({ counts }: Readings): Sample[] =>
    Object.entries(counts.api).map(([route, count]) => {
      const [method = "", resource = ""] = route.split(" ");
      return { of: [method, resource], value: pick(count) };
    });
  return { name, type: "counter", help, labels: ["method", "resource"], read };
}
