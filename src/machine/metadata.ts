/** Stage one: the file that the metadata service begins with. */
import { ConfigError } from "../config/error.ts";
import { MOST_MMDS_BYTES } from "../config/mmds.ts";
import { printable } from "../config/printable.ts";
import type { VmConfig } from "../config/schema.ts";
import { MmdsStore } from "../devices/mmds/store.ts";
import { readInput } from "../host/open-file.ts";

const FIELD = "volt.metadata_path";

/** @returns JSON that fits @throws ConfigError */
export function readMetadata({ volt, "mmds-config": service }: VmConfig): string | undefined {
  const { metadata_path: path } = volt;
  if (path === undefined) return undefined;
  if (!service) {
    throw new ConfigError("", FIELD, "no interface has a metadata service: give a --config FILE with mmds-config");
  }
  const text = readInput(path, FIELD, MOST_MMDS_BYTES, "what the metadata service has");
  const store = new MmdsStore(volt.mmds_size_limit);
  try {
    store.put(text);
  } catch (error) {
    throw new ConfigError("", FIELD, `${path}: ${problem(error, store.limit)}`);
  }
  return store.text;
}

function problem(error: unknown, limit: number): string {
  const { message } = error as Error;
  return error instanceof SyntaxError
    ? `not JSON (${printable(message)})`
    : `more than ${limit} bytes: raise volt.mmds_size_limit`;
}
