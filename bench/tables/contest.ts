/** What tables have in common that put one guest before every monitor. */
import type { Context } from "../context.ts";
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
