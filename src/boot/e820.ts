/** Address range types (ACPI 6.5, chapter 15). */
export const E820_TYPE = { RAM: 1, RESERVED: 2, ACPI: 3, NVS: 4 } as const;

export interface Range {
  /** Guest-physical. */
  readonly address: number;
  /** In bytes. */
  readonly size: number;
}

export interface E820Entry extends Range {
  readonly type: number;
}

/** A range the guest must not use as RAM, whether there is RAM behind it or not; RESERVED unless it says otherwise. */
export interface ReservedRange extends Range {
  readonly type?: number;
}

/**
 * The memory map the firmware of a PC would report: RAM wherever no reserved range lies, and the reserved ranges.
 * Sorted, without overlaps, neighbours of one type merged. RAM regions do not overlap each other; where
 * reserved ranges do, the earlier in the list wins.
 */
export function e820Map(memory: { ram: readonly Range[]; reserved: readonly ReservedRange[] }): E820Entry[] {
  const entries: E820Entry[] = [];
  for (const { address, size, type = E820_TYPE.RESERVED } of memory.reserved) {
    entries.push(...without({ address, size, type }, entries));
  }
  for (const { address, size } of memory.ram) {
    entries.push(...without({ address, size, type: E820_TYPE.RAM }, entries));
  }
  return merged(entries.sort((a, b) => a.address - b.address));
}

/** The parts of `entry` that none of `others` covers. */
function without(entry: E820Entry, others: readonly Range[]): E820Entry[] {
  let parts = entry.size > 0 ? [entry] : [];
  for (const other of others) {
    parts = parts.flatMap((part) => cut(part, other));
  }
  return parts;
}

function cut(part: E820Entry, hole: Range): E820Entry[] {
  const end = part.address + part.size;
  const holeEnd = hole.address + hole.size;
  if (holeEnd <= part.address || hole.address >= end) {
    return [part];
  }
  return [
    { ...part, size: hole.address - part.address },
    { ...part, address: holeEnd, size: end - holeEnd },
  ].filter(({ size }) => size > 0);
}

function merged(entries: readonly E820Entry[]): E820Entry[] {
  const out: E820Entry[] = [];
  for (const entry of entries) {
    const last = out.at(-1);
    if (last && last.type === entry.type && last.address + last.size === entry.address) {
      out[out.length - 1] = { ...last, size: last.size + entry.size };
    } else {
      out.push(entry);
    }
  }
  return out;
}
