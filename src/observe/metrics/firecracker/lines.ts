import type { Readings } from "../readings.ts";
import { type Group, Value } from "./fields.ts";
import { groupsOf } from "./groups.ts";

/** What each line has besides: who it is of, and what its operator wants on it. */
export interface LineExtras {
  readonly id?: string;
  readonly properties?: Readonly<Record<string, string>>;
}

/** Some counters are words of 32 bits, and begin anew. */
const WORD = 2 ** 32;

interface Told {
  readonly [name: string]: number | Told;
}

/** Firecracker's metrics: one line of JSON after the other, each with what was counted since the one before. */
export class MetricsLines {
  readonly #extras: LineExtras;
  #told: Readonly<Record<string, Group>> = {};

  constructor(extras: LineExtras = {}) {
    this.#extras = extras;
  }

  /** @param write takes the line; when it says false, what the line told is told by the next */
  next(readings: Readings, write: (line: string) => boolean): boolean {
    const groups = groupsOf(readings);
    const { id, properties } = this.#extras;
    const line = {
      utc_timestamp_ms: Math.floor(readings.timeMs),
      ...(id === undefined ? {} : { id }),
      ...(properties === undefined ? {} : { properties }),
      ...growth(groups, this.#told),
    };
    if (!write(`${JSON.stringify(line)}\n`)) return false;
    this.#told = groups;
    return true;
  }
}

function growth(now: Group, before: Group): Told {
  return Object.fromEntries(
    Object.entries(now).map(([name, field]) => {
      if (field instanceof Value) return [name, field.value];
      const last = before[name];
      if (typeof field !== "number") return [name, growth(field, (last ?? {}) as Group)];
      const grown = field - ((last ?? 0) as number);
      return [name, grown < 0 ? grown + WORD : grown];
    }),
  );
}
