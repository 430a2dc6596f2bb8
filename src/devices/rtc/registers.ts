/** The MC146818's registers and bits, under the data sheet's names. */

export const Register = {
  SECONDS: 0x00,
  SECONDS_ALARM: 0x01,
  MINUTES: 0x02,
  MINUTES_ALARM: 0x03,
  HOURS: 0x04,
  HOURS_ALARM: 0x05,
  DAY_OF_WEEK: 0x06,
  DAY_OF_MONTH: 0x07,
  MONTH: 0x08,
  YEAR: 0x09,
  A: 0x0a,
  B: 0x0b,
  C: 0x0c,
  D: 0x0d,
  /** Not the chip's but the PC's: where the FADT says that the century is. */
  CENTURY: 0x32,
} as const;

/** Register A. Its UIP bit (an update is in progress) never shows: a read computes the time, and is never torn. */
export const A = {
  UIP: 0x80,
  /** A 32.768 kHz crystal and a periodic rate of 1024 Hz, as firmware sets them. */
  POWER_ON: 0x26,
} as const;

/** Register B. */
export const B = {
  /** 24-hour mode. */
  H24: 0x02,
  /** Data mode: binary, not BCD. */
  DM: 0x04,
  /** The clock stands while the guest sets it. */
  SET: 0x80,
} as const;

/** Register D: the battery is fine, the time valid. */
export const VRT = 0x80;

/** In the hours of 12-hour mode: afternoon. */
export const PM = 0x80;

export const CMOS_BYTES = 128;
