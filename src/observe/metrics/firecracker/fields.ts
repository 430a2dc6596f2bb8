/** Fields of Firecracker's metrics: each is a counter, whose growth since the last line is told, or a value as it is. */

/** Told as it is. */
export class Value {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export type Field = number | Value;
/** A group's fields; a field can be a group: times are. */
export interface Group {
  readonly [field: string]: Field | Group;
}

/** The times of one kind of events, in microseconds. */
export function times(sumUs: number, shortestUs: number, longestUs: number): Group {
  return { min_us: new Value(shortestUs), max_us: new Value(longestUs), sum_us: sumUs };
}

/** Firecracker measures these times, volt does not. */
export const NO_TIMES: Group = times(0, 0, 0);

/** Several groups in one. Shortest and longest times have no sum: there they are 0, as in Firecracker. */
export function sumOf(groups: readonly Group[], empty: Group): Group {
  return Object.fromEntries(
    Object.entries(empty).map(([name, field]) => {
      const fields = groups.map((group) => group[name]!);
      if (field instanceof Value) return [name, field];
      if (typeof field !== "number") return [name, sumOf(fields as Group[], field)];
      return [name, fields.reduce((sum: number, one) => sum + (one as number), 0)];
    }),
  );
}
