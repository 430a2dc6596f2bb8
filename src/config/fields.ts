/** Kinds of fields that several sections of a VM's description have. */
import * as v from "valibot";

const noNul = v.regex(/^[^\0]*$/, "must not hold a NUL byte");

/** Text that reaches a C interface. */
export const text = v.pipe(v.string(), noNul);
export const path = v.pipe(v.string(), v.nonEmpty("must not be empty"), noNul);

/** Firecracker's rule for the id of a device. */
export const deviceId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_]{1,64}$/, "must be 1 to 64 letters, digits or _"));

/** The second digit of a unicast one is even: a guest's driver takes no other. */
export const unicastMac = v.regex(
  /^[0-9A-Fa-f][02468ACEace](:[0-9A-Fa-f]{2}){5}$/,
  "must be a unicast MAC address: 06:00:ac:10:00:02",
);

/** A kernel's command line is bytes of printable ASCII. NUL would cut it short, a line break forge a log line. */
export const bootArgs = v.pipe(v.string(), v.regex(/^[\x20-\x7e\t]*$/, "must be printable ASCII"));

export function whole(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
}

/** A day is as good as for ever, and every sum with it is exact. */
const MOST_SECONDS = 86_400;
const SECONDS_TEXT = `must be a number of seconds from 0 to ${MOST_SECONDS}`;
export const seconds = v.pipe(
  v.number(SECONDS_TEXT),
  v.minValue(0, SECONDS_TEXT),
  v.maxValue(MOST_SECONDS, SECONDS_TEXT),
);

export function oneOf<const T extends readonly string[]>(...options: T) {
  return v.picklist(options, `must be one of ${options.join(", ")}`);
}

export function areDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

const CPU_LIST = 'must be CPU numbers such as "0-3,8"';
/** Numbers and ranges, as /sys has them; each CPU once. */
export const cpuList = v.pipe(
  v.string(),
  v.regex(/^\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*$/, CPU_LIST),
  v.check((list) => expandCpuList(list).length > 0, `${CPU_LIST}, with each range upwards`),
  v.check((list) => new Set(expandCpuList(list)).size === expandCpuList(list).length, "must name a CPU once"),
);

/** The numbers in a CPU list, in its order; none if a range runs downwards. */
export function expandCpuList(list: string): number[] {
  const ranges = list.split(",").map((range) => range.split("-").map(Number));
  if (ranges.some(([first, last = first]) => last! < first!)) return [];
  return ranges.flatMap(([first, last = first]) => Array.from({ length: last! - first! + 1 }, (_, i) => first! + i));
}
