/** Memory sizes as people write them. */
import { ConfigError } from "./error.ts";

const MIB_PER_UNIT: Readonly<Record<string, number>> = { K: 1 / 1024, M: 1, G: 1024, T: 1024 * 1024 };

/**
 * `128M`, `1G`, `1.5G`, a bare number is MiB; `MB` and `MiB` are taken as well, all in powers of 1024.
 * @returns whole MiB
 * @throws ConfigError
 */
export function parseMib(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:([KMGT])(?:i?B)?)?$/i.exec(text.trim());
  const mib = match ? Number(match[1]) * MIB_PER_UNIT[(match[2] ?? "M").toUpperCase()]! : Number.NaN;
  if (!Number.isInteger(mib)) {
    throw new ConfigError("", flag, `"${text}" is no size in whole MiB: write 128M, 1G, or a number of MiB`);
  }
  return mib;
}
