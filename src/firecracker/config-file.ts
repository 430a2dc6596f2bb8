/** A microVM in one JSON file: its sections in Firecracker's order, each as if it had come by the API. */
import { parseJson } from "../api/body.ts";
import { Fault } from "../api/router.ts";
import { taking } from "../api/routes/mmds.ts";
import { MOST_MMDS_BYTES } from "../config/mmds.ts";
import { readInput } from "../host/open-file.ts";
import { type Draft, metadataOf } from "./draft.ts";
import type { FirecrackerLog } from "./log.ts";
import { SECTIONS } from "./sections.ts";

const MOST_BYTES = 2 ** 20;
const REQUIRED = ["boot-source", "drives"];
const LISTS = ["drives", "network-interfaces"];
/** Sections that are Firecracker's, and that volt does not have. Keys that are nobody's are let pass, as there. */
const LATER = ["pmem", "memory-hotplug"];

/** @throws Error with the text for the log: there is no such file */
export function readConfigFile(path: string): string {
  return readInput(path, "--config-file", MOST_BYTES, "a microVM's description");
}

/** What the metadata service begins with. @throws Error with the text for the log: there is no such file */
export function readMetadataFile(path: string): string {
  return readInput(path, "--metadata", MOST_MMDS_BYTES, "what the metadata service has");
}

/** @throws Fault for what is no JSON, or too much */
export function takeMetadata(draft: Draft, text: string): void {
  const store = metadataOf(draft);
  taking(() => store.put(text));
  draft.metadata = store.text;
}

/** @throws Fault */
export function takeConfigFile(draft: Draft, text: string, log: FirecrackerLog): void {
  const file = parseJson(text);
  if (typeof file !== "object" || file === null || Array.isArray(file))
    throw new Fault("invalid type, expected a microVM");
  const sections = new Map(Object.entries(file));
  for (const name of REQUIRED) if (!sections.has(name)) throw new Fault(`missing field \`${name}\``);
  for (const name of LATER) {
    const value = sections.get(name);
    if (value !== undefined && !isEmpty(value))
      throw new Fault(`${name}: volt does not have this yet: take the section out`);
  }
  for (const [name, take] of Object.entries(SECTIONS)) {
    const value = sections.get(name);
    if (value === undefined) continue;
    if (LISTS.includes(name) && !Array.isArray(value))
      throw new Fault(`invalid type for \`${name}\`, expected a sequence`);
    const bodies = Array.isArray(value) ? value : [value];
    for (const body of bodies) take(draft, JSON.stringify(contents(name, body)), log);
  }
}

/** A CPU template may be in a file of its own. */
function contents(name: string, value: unknown): unknown {
  return name === "cpu-config" && typeof value === "string" ? parseJson(readConfigFile(value)) : value;
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
