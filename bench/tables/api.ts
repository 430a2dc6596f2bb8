/** The control API: how soon it answers, and how long an answer takes, with a guest that rests and one that never does. */
import { quantile } from "simple-statistics";
import type { Context } from "../context.ts";
import { exitForEver, REST_AT_ONCE, writeTinyKernel } from "../guests/tiny.ts";
import { inRounds } from "../method/rounds.ts";
import type { Metric, Place } from "../report/result.ts";
import { metricOf } from "./contest.ts";
import type { Table } from "./table.ts";

export const REQUESTS = 500;
export const MOST_RUNS = 5;
const GUESTS = { idle: REST_AT_ONCE, "under full load": exitForEver() };
type Load = keyof typeof GUESTS;

/** Milliseconds. */
export interface Answers {
  readonly first: number;
  readonly took: readonly number[];
}

export const api: Table = {
  name: "api",
  async measure(context) {
    const command = (load: Load): readonly string[] => {
      const kernel = context.file(`load-${Object.keys(GUESTS).indexOf(load)}`);
      writeTinyKernel(kernel, GUESTS[load]);
      return context.volt.command({ kernel, commandLine: "", memoryMiB: 128, cpus: 1 }, context.folder)!;
    };
    const commands = { idle: command("idle"), "under full load": command("under full load") };
    const loads = Object.keys(GUESTS) as Load[];
    const runs = Math.min(MOST_RUNS, context.options.runs);
    const answers = await inRounds(loads, { runs, warmUp: 1 }, async (load, round) => {
      const name = `api-${loads.indexOf(load)}-${round}`;
      return await answersOf(context, context.places.tiny, commands[load], { name, text: "" });
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

/** Asks a VM. @param name of the socket, its own @param text asked when the guest has printed it */
export async function answersOf(
  context: Context,
  place: Place,
  command: readonly string[],
  { name, text }: { readonly name: string; readonly text: string },
): Promise<Answers> {
  const host = await context.host(place);
  const socket = `${host.share}/${name}`;
  const words = [context.requests, socket, String(REQUESTS), text, ...command, "--api", socket];
  const { status, stdout, stderr } = await host.run(words, { timeoutMs: 120_000 });
  if (status !== 0) throw new Error(`the API, ${name}: ${stderr}`);
  return readAnswers(stdout.toString());
}

/** @param text a line of `requests.c` */
export function readAnswers(text: string): Answers {
  const { first, took } = JSON.parse(text) as { first: number; took: number[] };
  return { first: first / 1e6, took: took.map((ns) => ns / 1e6) };
}

function metricsOf(load: Load, answers: readonly Answers[]): Metric[] {
  const first = metricOf(`${load}: process start to the first answer`, "ms", { volt: answers }, (one) => one.first);
  return [first, ...latencies(load, answers)];
}

export function latencies(load: string, answers: readonly Answers[]): Metric[] {
  return [0.5, 0.99].map((share) =>
    metricOf(`${load}: an answer, p${100 * share}`, "µs", { volt: answers }, ({ took }) => {
      return 1000 * quantile([...took], share);
    }),
  );
}
