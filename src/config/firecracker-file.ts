/**
 * What a file that was written for Firecracker, or by it (`GET /vm/config`), says in other words than volt's schema: null
 * for what is not there, levels in any case, and switches of what volt does not have, off.
 */

/** Sections that are Firecracker's: `volt` is not, and null in there is a mistake. */
export const FIRECRACKER_SECTIONS = [
  ...["boot-source", "machine-config", "cpu-config", "drives", "network-interfaces", "vsock", "balloon", "entropy"],
  ...["mmds-config", "logger", "metrics", "pmem", "memory-hotplug"],
];

/** Values that ask volt for nothing, by section and field. */
export const WITHOUT_EFFECT: Readonly<Record<string, Readonly<Record<string, readonly boolean[]>>>> = {
  "machine-config": { smt: [false], track_dirty_pages: [false] },
  // A line of volt's log has its level always, and its origin never.
  logger: { show_level: [true, false], show_log_origin: [true, false] },
};

/** Firecracker's fields of which volt has none: as it is no spelling mistake, the message must not say so. */
const LACKING =
  /^(pmem|memory-hotplug|machine-config\.(smt|track_dirty_pages)|logger\.(module|show_level|show_log_origin)|drives\.\d+\.socket)$/;

/** @param field its path */
export function isLacking(field: string): boolean {
  return LACKING.test(field);
}

/** The same VM in volt's words; what is no VM at all comes back as it is. */
export function fromFirecracker(file: unknown): unknown {
  if (!isObject(file)) return file;
  return mapped(file, (name, section) => {
    if (!FIRECRACKER_SECTIONS.includes(name)) return section;
    if (name === "pmem" && Array.isArray(section) && section.length === 0) return undefined;
    return fields(name, withoutNulls(section));
  });
}

function fields(name: string, section: unknown): unknown {
  if (!isObject(section)) return section;
  const idle = Object.hasOwn(WITHOUT_EFFECT, name) ? WITHOUT_EFFECT[name]! : {};
  return mapped(section, (field, value) => {
    if (Object.hasOwn(idle, field) && idle[field]!.includes(value as boolean)) return undefined;
    return name === "logger" && field === "level" && typeof value === "string" ? level(value) : value;
  });
}

function level(text: string): string {
  const word = text.toLowerCase();
  return word === "warning" ? "warn" : word;
}

function withoutNulls(value: unknown): unknown {
  if (value === null) return undefined;
  return isObject(value) ? mapped(value, (_, field) => withoutNulls(field)) : arrayWithoutNulls(value);
}

/** An element that is null is a mistake: it stays, to be told. */
function arrayWithoutNulls(value: unknown): unknown {
  return Array.isArray(value) ? value.map((one) => (one === null ? one : withoutNulls(one))) : value;
}

/** Its own names alone, as they are: `__proto__` too stays a field, to be refused. */
function mapped(object: object, change: (name: string, value: unknown) => unknown): object {
  const entries = Object.entries(object).map(([name, value]) => [name, change(name, value)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
