/** Metrics in Prometheus' text format, version 0.0.4. */
import type { Metric, Sample } from "./metric.ts";
import type { Readings } from "./readings.ts";
import { METRICS } from "./registry.ts";

export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Each metric that has something to tell, with its help and type. */
export function prometheusText(readings: Readings): string {
  return METRICS.map((metric) => describe(metric, metric.read(readings))).join("");
}

function describe({ name, type, help, labels }: Metric, samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  const lines = samples.map(({ of, value }) => `${name}${labelled(labels, of)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelled(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return "";
  return `{${names.map((name, i) => `${name}="${escaped(values[i] ?? "")}"`).join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
