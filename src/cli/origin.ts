/** Where a setting of a VM came from: what an error calls it. */
import type { VmConfigLayer } from "../config/parse.ts";
import type { VmConfig, VmConfigInput } from "../config/schema.ts";
import { fieldOf, flagOf } from "./run-flags.ts";

export interface Layers {
  /** The file's path, and what it says; undefined without one. */
  readonly file: { readonly path: string; readonly vm: VmConfigInput } | undefined;
  readonly flags: VmConfigLayer;
  /** Both together. */
  readonly config: VmConfig;
}

/** @param name a field's path in the configuration, or its flag @returns the file and the path in it, or the flag */
export function originOf(name: string, { file, flags, config }: Layers): string {
  const field = fieldOf(name);
  if (!file) return flagOf(field);
  const [, index, rest = ""] = /^drives\.(\d+)(.*)$/.exec(field) ?? [];
  if (index === undefined)
    return says(flags, field) || !says(file.vm, field) ? flagOf(field) : `${file.path}: ${field}`;
  // The two lists became one: the file's own number is another.
  const isSame = ({ drive_id }: { readonly drive_id: string }) => drive_id === config.drives[Number(index)]?.drive_id;
  if (flags.drives?.some(isSame)) return flagOf(field);
  return `${file.path}: drives.${file.vm.drives?.findIndex(isSame)}${rest}`;
}

/** Whether a layer has something at a path. */
function says(layer: object, field: string): boolean {
  let value: unknown = layer;
  for (const name of field.split(".")) value = (value as Readonly<Record<string, unknown>> | undefined)?.[name];
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null;
}
