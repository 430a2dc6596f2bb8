/** Kinds of fields that several sections of a VM's description have. */
import * as v from "valibot";

const noNul = v.regex(/^[^\0]*$/, "must not hold a NUL byte");

/** Text that reaches a C interface. */
export const text = v.pipe(v.string(), noNul);
export const path = v.pipe(v.string(), v.nonEmpty("must not be empty"), noNul);

/** Firecracker's rule for the id of a device. */
export const deviceId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_]{1,64}$/, "must be 1 to 64 letters, digits or _"));

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
