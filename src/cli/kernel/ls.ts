/** `volt kernel ls`. */
import { defineCommand } from "citty";
import { listKernels, type StoredKernel } from "../../kernels/list.ts";
import { age, bytes, JSON_FLAG, show, table, thisStore } from "./command.ts";

export const lsCommand = defineCommand({
  meta: { name: "ls", description: "lists the kernels of the store; * is the default" },
  args: JSON_FLAG,
  run({ args }) {
    const store = thisStore();
    const kernels = listKernels(store);
    const rows = [["", "NAME", "VERSION", "SIZE", "DIGEST", "AGE", "FROM", "FEATURES"], ...kernels.map(row)];
    const empty = `no kernels in ${store.home}: volt kernel install debian-cloud`;
    show(args.json, kernels.map(plainObject), kernels.length === 0 ? empty : table(rows));
  },
});

function row({ name, isDefault, digest, manifest, damage, size }: StoredKernel): string[] {
  const mark = isDefault ? "*" : "";
  if (!manifest) return [mark, name, "?", bytes(size), "", "", damage ?? "by hand"];
  const { version, added, source, features } = manifest;
  const from = source.kind === "debian package" ? source.from.split(" ")[0]! : source.kind;
  return [mark, name, version || "?", bytes(size), digest?.slice(0, 12) ?? "", age(added), from, features.join(" ")];
}

function plainObject({ name, isDefault, folder, digest, manifest, damage, size }: StoredKernel) {
  return { name, default: isDefault, folder, digest, size, ...manifest, damage };
}
