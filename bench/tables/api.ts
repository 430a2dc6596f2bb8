/** The control API: how soon it answers, and how long an answer takes, with a guest that rests and one that never does. */
import { quantile } from "simple-statistics";
import { exitForEver, REST_AT_ONCE, writeTinyKernel } from "../guests/tiny.ts";
import { inRounds } from "../method/rounds.ts";
import type { Metric } from "../report/result.ts";
import { metricOf } from "./contest.ts";
import type { Table } from "./table.ts";

const REQUESTS = 500;
const MOST_RUNS = 5;
const GUESTS = { idle: REST_AT_ONCE, "under full load": exitForEver() };
type Load = keyof typeof GUESTS;

/** Milliseconds. */
interface Answers {
  readonly first: number;
  readonly took: readonly number[];
}

export const api: Table = {
  name: "api",
  async measure(context) {
    const host = await context.host(context.places.tiny);
    const command = (load: Load): readonly string[] => {
      const kernel = context.file(`load-${Object.keys(GUESTS).indexOf(load)}`);
      writeTinyKernel(kernel, GUESTS[load]);
      return context.volt.command({ kernel, commandLine: "", memoryMiB: 128, cpus: 1 }, context.folder)!;
    };
    const commands = { idle: command("idle"), "under full load": command("under full load") };
    const loads = Object.keys(GUESTS) as Load[];
    const runs = Math.min(MOST_RUNS, context.options.runs);
    const answers = await inRounds(loads, { runs, warmUp: 1 }, async (load, round) => {
      const socket = `${host.share}/api-${loads.indexOf(load)}-${round}`;
      const words = [context.requests, socket, String(REQUESTS), "--", ...commands[load], "--api", socket];
      const { status, stdout, stderr } = await host.run(words, { timeoutMs: 120_000 });
      if (status !== 0) throw new Error(`the API ${load}: ${stderr}`);
      return readAnswers(stdout.toString());
    });
    return {
      table: "api",
      title: "The control API",
      place: context.places.tiny,
      method: `\`GET /\` ${REQUESTS} times on one connection to a VM of 128 MiB, 1 vCPU: halted, and writing to a port without a pause. p50 and p99 of each run.`,
      metrics: loads.flatMap((load) => metricsOf(load, answers[load])),
    };
  },
};

/** @param text a line of `requests.c` */
export function readAnswers(text: string): Answers {
  const { first, took } = JSON.parse(text) as { first: number; took: number[] };
  return { first: first / 1e6, took: took.map((ns) => ns / 1e6) };
}

function metricsOf(load: Load, answers: readonly Answers[]): Metric[] {
  const us = (share: number) => (one: Answers) => 1000 * quantile([...one.took], share);
  const volt = { volt: answers };
  return [
    metricOf(`${load}: process start to the first answer`, "ms", volt, ({ first }) => first),
    metricOf(`${load}: an answer, p50`, "µs", volt, us(0.5)),
    metricOf(`${load}: an answer, p99`, "µs", volt, us(0.99)),
  ];
}
