/** Between a moment and the ten registers that show it. */
import { B, PM, Register } from "./registers.ts";

const TIME_REGISTERS: ReadonlySet<number> = new Set([
  Register.SECONDS,
  Register.MINUTES,
  Register.HOURS,
  Register.DAY_OF_WEEK,
  Register.DAY_OF_MONTH,
  Register.MONTH,
  Register.YEAR,
  Register.CENTURY,
]);

export function isTimeRegister(index: number): boolean {
  return TIME_REGISTERS.has(index);
}

/** Writes a moment's registers. @param epoch milliseconds since 1970, UTC @param modes register B */
export function showTime(cmos: Uint8Array, epoch: number, modes: number): void {
  const date = new Date(epoch);
  const year = date.getUTCFullYear();
  cmos[Register.SECONDS] = encode(date.getUTCSeconds(), modes);
  cmos[Register.MINUTES] = encode(date.getUTCMinutes(), modes);
  cmos[Register.HOURS] = encodeHour(date.getUTCHours(), modes);
  // 1 is Sunday.
  cmos[Register.DAY_OF_WEEK] = encode(date.getUTCDay() + 1, modes);
  cmos[Register.DAY_OF_MONTH] = encode(date.getUTCDate(), modes);
  cmos[Register.MONTH] = encode(date.getUTCMonth() + 1, modes);
  cmos[Register.YEAR] = encode(year % 100, modes);
  cmos[Register.CENTURY] = encode(Math.floor(year / 100) % 100, modes);
}

/**
 * The moment that registers show, in milliseconds since 1970, UTC. Values past a field's end carry into the next, so
 * whatever a guest writes is some moment: years end at 255 * 100 + 255, well inside what a Date can hold.
 */
export function readTime(cmos: Uint8Array, modes: number): number {
  const field = (register: number) => decode(cmos[register]!, modes);
  const date = new Date(0);
  // Not Date.UTC: it takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(
    field(Register.CENTURY) * 100 + field(Register.YEAR),
    field(Register.MONTH) - 1,
    field(Register.DAY_OF_MONTH),
  );
  return date.setUTCHours(decodeHour(cmos[Register.HOURS]!, modes), field(Register.MINUTES), field(Register.SECONDS));
}

function encode(value: number, modes: number): number {
  return modes & B.DM ? value : (Math.floor(value / 10) << 4) | (value % 10);
}

function decode(byte: number, modes: number): number {
  return modes & B.DM ? byte : (byte >> 4) * 10 + (byte & 0x0f);
}

function encodeHour(hour: number, modes: number): number {
  if (modes & B.H24) return encode(hour, modes);
  return encode(hour % 12 || 12, modes) | (hour >= 12 ? PM : 0);
}

function decodeHour(byte: number, modes: number): number {
  if (modes & B.H24) return decode(byte, modes);
  return (decode(byte & ~PM, modes) % 12) + (byte & PM ? 12 : 0);
}
