/** `volt kernel ls`. */
import { defineCommand } from "citty";
import { parseElf } from "../../boot/elf.ts";
import { fileSource } from "../../boot/file-source.ts";
import { openInput } from "../../host/open-file.ts";
import { ANYWHERE } from "../../kernels/image/unpack.ts";
import { listKernels, type StoredKernel } from "../../kernels/list.ts";
import { PARTS } from "../../kernels/paths.ts";
import { age, bytes, JSON_FLAG, show, table, thisStore } from "./command.ts";

export const lsCommand = defineCommand({
  meta: { name: "ls", description: "lists the kernels of the store; * is the default" },
  args: JSON_FLAG,
  run({ args }) {
    const store = thisStore();
    const kernels = listKernels(store);
    const rows = [["", "NAME", "VERSION", "SIZE", "ENTRIES", "DIGEST", "AGE", "FROM", "FEATURES"], ...kernels.map(row)];
    const empty = `no kernels in ${store.home}: volt kernel install debian-cloud`;
    show(args.json, kernels.map(plainObject), kernels.length === 0 ? empty : table(rows));
  },
});

function row({ name, isDefault, folder, digest, manifest, damage, size }: StoredKernel): string[] {
  const mark = isDefault ? "*" : "";
  if (!manifest) return [mark, name, "?", bytes(size), "", "", "", damage ?? "by hand"];
  const { version, added, source, features } = manifest;
  const from = source.kind === "debian package" ? source.from.split(" ")[0]! : source.kind;
  const short = digest?.slice(0, 12) ?? "";
  return [mark, name, version || "?", bytes(size), entries(folder), short, age(added), from, features.join(" ")];
}

/** How it can be entered, from its headers: "linux pvh". */
function entries(folder: string): string {
  try {
    const { fd, size } = openInput(`${folder}/${PARTS.vmlinux}`, PARTS.vmlinux);
    using _file = fd;
    const { isLinux, pvhEntry } = parseElf(fileSource(fd, folder, size), ANYWHERE);
    return [isLinux ? "linux" : "64-bit", ...(pvhEntry === undefined ? [] : ["pvh"])].join(" ");
  } catch {
    return "?"; // damaged: `verify` says how
  }
}

function plainObject({ name, isDefault, folder, digest, manifest, damage, size }: StoredKernel) {
  return { name, default: isDefault, folder, digest, size, ...manifest, damage };
}
