/** `volt kernel inspect`. */
import { existsSync, readFileSync } from "node:fs";
import { defineCommand } from "citty";
import { parseElf } from "../../boot/elf.ts";
import { hex } from "../../boot/pack.ts";
import { bytesSource } from "../../boot/source.ts";
import { ConfigError } from "../../config/error.ts";
import { parseKernelConfig } from "../../kernels/config-file.ts";
import { notesOf, notesText } from "../../kernels/image/notes.ts";
import { ANYWHERE } from "../../kernels/image/unpack.ts";
import { type StoredKernel, usableKernel } from "../../kernels/list.ts";
import { PARTS } from "../../kernels/paths.ts";
import { bytes, JSON_FLAG, NAME, show, table, thisStore } from "./command.ts";

const PAGE = 4096;
export const UNKNOWN_CONFIG = "its configuration is not known: add it with --kernel-config FILE";

export const inspectCommand = defineCommand({
  meta: { name: "inspect", description: "shows all that is known of a kernel: segments, entries, configuration" },
  args: {
    name: NAME,
    "kernel-config": { type: "boolean", description: "prints its configuration and nothing else" },
    ...JSON_FLAG,
  },
  run({ args }) {
    const kernel = usableKernel(thisStore(), args.name);
    const config = configText(kernel);
    if (args["kernel-config"]) {
      if (config === undefined) throw new ConfigError("", args.name, UNKNOWN_CONFIG);
      return show(args.json, config, config.trimEnd());
    }
    const facts = inspect(kernel, config);
    return show(args.json, facts, text(facts));
  },
});

function inspect({ name, folder, digest, manifest }: StoredKernel, config: string | undefined) {
  const path = `${folder}/${PARTS.vmlinux}`;
  const source = bytesSource(path, readFileSync(path));
  const image = parseElf(source, ANYWHERE);
  const segments = image.segments.map((segment) => {
    const canMap = segment.fileOffset % PAGE === segment.guestAddress % PAGE;
    const whole = Math.floor((segment.guestAddress + segment.fileSize) / PAGE) - Math.ceil(segment.guestAddress / PAGE);
    return { ...segment, mappedBytes: canMap ? Math.max(0, whole) * PAGE : 0 };
  });
  const options = config === undefined ? undefined : parseKernelConfig(config);
  return {
    ...{ name, folder, digest, manifest },
    entry: image.entry,
    pvhEntry: image.pvhEntry,
    isLinux: image.isLinux,
    notes: notesOf(source),
    segments,
    options: options?.size,
    commandLine: options?.get("CMDLINE")?.slice(1, -1),
  };
}

function text(facts: ReturnType<typeof inspect>): string {
  const { name, folder, digest, manifest, entry, pvhEntry, isLinux, notes, segments, options, commandLine } = facts;
  const rows: [string, string | undefined][] = [
    ["name", name],
    ["folder", folder],
    ["digest", digest],
    ["version", manifest?.version],
    ["came as", manifest && `${manifest.format}, from ${manifest.source.from} (${manifest.source.kind})`],
    ["SHA-256 of that", manifest?.source.sha256],
    ["built by", manifest?.recipe?.compiler],
    ["fragments", manifest?.recipe?.fragments.join(" ")],
    ["64-bit entry", `${hex(entry)}${isLinux ? "" : " (does not say it is Linux)"}`],
    ["PVH entry", pvhEntry === undefined ? "none" : hex(pvhEntry)],
    ["ELF notes", notes.length === 0 ? "none" : notesText(notes)],
    ["memory", manifest && bytes(manifest.footprint)],
    ["features", manifest?.features.join(" ")],
    ["options", options === undefined ? "its configuration is not known" : `${options} set`],
    ["command line", commandLine && `${commandLine} (compiled in)`],
    ["signed", manifest && (manifest.signature ? "yes" : "no")],
    ["licence", manifest?.licence],
  ];
  const known = rows.flatMap(([key, value]) => (value ? [[key, value]] : []));
  const parts = segments.map(({ guestAddress, fileSize, memorySize, flags, mappedBytes }) => [
    hex(guestAddress),
    rights(flags),
    `${bytes(memorySize)} in memory`,
    `${bytes(mappedBytes)} mapped`,
    `${bytes(fileSize - mappedBytes)} copied`,
  ]);
  return `${table(known)}\n\nsegments\n${table(parts)}`;
}

/** PF_X, PF_W, PF_R. */
function rights(flags: number): string {
  return `${flags & 4 ? "r" : "-"}${flags & 2 ? "w" : "-"}${flags & 1 ? "x" : "-"}`;
}

/** What is known of a kernel's configuration. */
export function configText({ folder }: StoredKernel): string | undefined {
  const path = `${folder}/${PARTS.config}`;
  return existsSync(path) ? readFileSync(path, "latin1") : undefined;
}
