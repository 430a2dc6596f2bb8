/** What tables have in common that put one guest before every monitor. */
import type { Context } from "../context.ts";
import { type JobResult, jobMarks, readResults } from "../guests/measuring.ts";
import { inRounds, type Rounds } from "../method/rounds.ts";
import { twoTries } from "../method/tries.ts";
import type { GuestSpec } from "../peers/peer.ts";
import type { Metric, Place } from "../report/result.ts";

/** The command lines of all who can run this guest, volt's first. */
export function commandsFor({ contenders, folder }: Context, guest: GuestSpec): Map<string, readonly string[]> {
  const commands = new Map<string, readonly string[]>();
  for (const { name, command } of contenders) {
    const words = command(guest, folder);
    if (words) commands.set(name, words);
  }
  return commands;
}

/** What came of a contest. */
export interface Contest<Name extends string, Sample> {
  /** By contender; sample i of all of them is from the same round. */
  readonly samples: Record<Name, Sample[]>;
  /** Who is missing from this table, and why. */
  readonly absent: readonly string[];
}

/**
 * Measures all of them in rounds. Another monitor that fails in its first run can't do this here: it is left out, and the
 * table says so. volt has to, and so has whoever did it once.
 */
export async function takeTurns<Name extends string, Sample>(
  { absent }: Pick<Context, "absent">,
  place: Place,
  names: readonly Name[],
  rounds: Rounds,
  measure: (name: Name) => Promise<Sample>,
): Promise<Contest<Name, Sample>> {
  const failed = new Map<Name, string>();
  const samples = await inRounds(names, rounds, async (name, round) => {
    if (failed.has(name)) return undefined as Sample;
    try {
      return await (place === "nested machine" ? twoTries(name, () => measure(name)) : measure(name));
    } catch (error) {
      const isFirst = round === -rounds.warmUp;
      if (!isFirst || isOurs(name)) throw error;
      failed.set(name, (error as Error).message.split("\n", 1)[0]!);
      return undefined as Sample;
    }
  });
  for (const name of failed.keys()) delete samples[name];
  return { samples, absent: [...absent, ...Array.from(failed, ([name, why]) => `${name} (${why})`)] };
}

/** volt itself, also an older one, and the floor under all. */
function isOurs(name: string): boolean {
  return name === "floor" || name.startsWith("volt");
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
): Promise<Contest<Name, JobResult[]>> {
  const place = context.places.linux;
  const runs = Math.min(context.options.quick ? 3 : 10, context.options.runs);
  const measure = async (name: Name): Promise<JobResult[]> =>
    readResults(await context.time(place, commands.get(name)!, { marks: jobMarks(names), seconds }), names);
  return await takeTurns(context, place, [...commands.keys()], { runs, warmUp: 1 }, measure);
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
