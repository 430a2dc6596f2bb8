/** What a job costs the host, beside how fast it is. */
import type { JobResult } from "../guests/measuring.ts";
import type { Metric } from "../report/result.ts";
import { metricOf } from "./contest.ts";

/** For a table's method. */
export const CPU_METHOD =
  "CPU time is the monitor's process with its guest, without the host's kernel threads (vhost).";

/**
 * Processor time for each GiB that a job moved.
 * @param title the job's
 * @param name the job's
 * @param bytes moved for each that the job counts
 */
export function cpuMetric(
  title: string,
  name: string,
  bytes: number,
  results: Readonly<Record<string, JobResult[][]>>,
): Metric {
  return metricOf(`${title}, host CPU`, "ms/GiB", results, (list) => {
    const result = list.find((one) => one.name === name);
    return result && (1000 * result.cpuSeconds) / ((bytes * result.count) / 2 ** 30);
  });
}
