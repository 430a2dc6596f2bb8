/** Stage one: the file that the metadata service begins with. */
import { ConfigError } from "../config/error.ts";
import { MOST_MMDS_BYTES, type VmConfig } from "../config/schema.ts";
import { MmdsStore } from "../devices/mmds/store.ts";
import { readInput } from "../host/open-file.ts";

const FLAG = "--metadata";

/** @returns JSON that fits @throws ConfigError */
export function readMetadata({ volt, "mmds-config": service }: VmConfig): string | undefined {
  const { metadata_path: path, mmds_size_limit: limit } = volt;
  if (path === undefined) return undefined;
  if (!service) {
    throw new ConfigError("", FLAG, "no interface has a metadata service: give a --config FILE with mmds-config");
  }
  const text = readInput(path, FLAG, MOST_MMDS_BYTES, "what the metadata service has");
  try {
    return new MmdsStore(limit, text).text;
  } catch (error) {
    throw new ConfigError("", FLAG, `${path}: ${problem(error, limit)}`);
  }
}

function problem(error: unknown, limit: number): string {
  const { message } = error as Error;
  return error instanceof SyntaxError
    ? `not JSON (${message})`
    : `more than ${limit} bytes: raise volt.mmds_size_limit`;
}
