/** A process's memory by /proc/PID/smaps, guest memory told apart from the monitor's own. */

/** Bytes outside guest memory, but for the last. */
export interface Footprint {
  /** All that is resident, shared or not. */
  readonly rss: number;
  /** Shared pages count by the share of those who have them. */
  readonly pss: number;
  /** What would be free if this process ended, and can't be had from a file again. */
  readonly privateDirty: number;
  /** Resident guest memory. */
  readonly guestRss: number;
}

/**
 * @param smaps the file's text
 * @param guestBytes the guest's memory: mappings that fit nothing but it are taken for it
 * @throws Error when no mapping is big enough
 */
export function footprint(smaps: string, guestBytes: number): Footprint {
  const mappings = smaps
    .split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
    .filter((text) => text !== "")
    .map(readMapping);
  const guest = guestMappings(mappings, guestBytes);
  const sum = (list: readonly Mapping[], field: "rss" | "pss" | "privateDirty"): number =>
    list.reduce((total, mapping) => total + mapping[field], 0);
  const own = mappings.filter((mapping) => !guest.includes(mapping));
  return {
    rss: sum(own, "rss"),
    pss: sum(own, "pss"),
    privateDirty: sum(own, "privateDirty"),
    guestRss: sum(guest, "rss"),
  };
}

interface Mapping {
  readonly start: number;
  readonly end: number;
  readonly isReserved: boolean;
  readonly rss: number;
  readonly pss: number;
  readonly privateDirty: number;
}

function readMapping(text: string): Mapping {
  const [, start = "", end = "", access = ""] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(text) ?? [];
  const bytes = (field: string): number => 1024 * Number(new RegExp(`^${field}: +(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
  return {
    start: Number.parseInt(start, 16),
    end: Number.parseInt(end, 16),
    isReserved: access.startsWith("---"),
    rss: bytes("Rss"),
    pss: bytes("Pss"),
    privateDirty: bytes("Private_Dirty"),
  };
}

/**
 * Neighbours that are just that big together: a kernel mapped from its file splits guest memory in pieces. Where there
 * are none, since the system merged guest memory with a neighbour of the same kind, the smallest mapping it fits into.
 */
function guestMappings(mappings: readonly Mapping[], guestBytes: number): readonly Mapping[] {
  const usable = mappings.filter(({ isReserved }) => !isReserved);
  for (let first = 0; first < usable.length; first++) {
    const run = neighboursFrom(usable, first, guestBytes);
    if (run) return run;
  }
  const size = ({ start, end }: Mapping): number => end - start;
  const [smallest] = usable.filter((mapping) => size(mapping) >= guestBytes).sort((a, b) => size(a) - size(b));
  if (!smallest) throw new Error(`no mapping holds ${guestBytes} bytes of guest memory: did the monitor start?`);
  return [smallest];
}

/** Mappings without a gap from this one on that end just `bytes` after its start. */
function neighboursFrom(mappings: readonly Mapping[], first: number, bytes: number): readonly Mapping[] | undefined {
  const { start } = mappings[first]!;
  for (let next = first; next < mappings.length; next++) {
    const { end } = mappings[next]!;
    if (next > first && mappings[next]!.start !== mappings[next - 1]!.end) return undefined;
    if (end - start === bytes) return mappings.slice(first, next + 1);
    if (end - start > bytes) return undefined;
  }
  return undefined;
}
