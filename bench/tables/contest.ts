/** What tables have in common that put one guest before every monitor. */
import type { Context } from "../context.ts";
import { type JobResult, jobMarks, readResults } from "../guests/measuring.ts";
import { inRounds } from "../method/rounds.ts";
import { twoTries } from "../method/tries.ts";
import type { GuestSpec } from "../peers/peer.ts";
import type { Metric } from "../report/result.ts";

/** The command lines of all who can run this guest, volt's first. */
export function commandsFor({ contenders, folder }: Context, guest: GuestSpec): Map<string, readonly string[]> {
  const commands = new Map<string, readonly string[]>();
  for (const { name, command } of contenders) {
    const words = command(guest, folder);
    if (words) commands.set(name, words);
  }
  return commands;
}

/**
 * Runs a measuring guest before every contender, in rounds.
 * @param names the jobs whose processor time counts
 * @param seconds after which a run has failed
 * @returns each contender's runs, and of each what its jobs came to
 */
export async function measureGuests<Name extends string>(
  context: Context,
  commands: ReadonlyMap<Name, readonly string[]>,
  { names, seconds }: { readonly names: readonly string[]; readonly seconds: number },
): Promise<Record<Name, JobResult[][]>> {
  const place = context.places.linux;
  const runs = Math.min(context.options.quick ? 3 : 10, context.options.runs);
  const measure = async (name: Name): Promise<JobResult[]> =>
    readResults(await context.time(place, commands.get(name)!, { marks: jobMarks(names), seconds }), names);
  return await inRounds([...commands.keys()], { runs, warmUp: 1 }, (name) =>
    place === "this machine" ? measure(name) : twoTries(name, () => measure(name)),
  );
}

/** One figure of every sample. */
export function metricOf<Sample>(
  name: string,
  unit: Metric["unit"],
  samples: Readonly<Record<string, readonly Sample[]>>,
  pick: (sample: Sample) => number | undefined,
): Metric {
  const picked = Object.entries(samples).map(([who, list]) => [who, list.map((one) => pick(one) ?? Number.NaN)]);
  return { name, unit, better: unit.endsWith("/s") ? "more" : "less", samples: Object.fromEntries(picked) };
}
