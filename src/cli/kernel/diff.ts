/** `volt kernel diff`. */
import { defineCommand } from "citty";
import { diffConfigs, type KernelConfig, parseKernelConfig } from "../../kernels/config-file.ts";
import { type StoredKernel, usableKernel } from "../../kernels/list.ts";
import { bytes, JSON_FLAG, NAME, show, table, thisStore } from "./command.ts";
import { configText, UNKNOWN_CONFIG } from "./inspect.ts";

export const diffCommand = defineCommand({
  meta: { name: "diff", description: "compares two kernels: size and configuration" },
  args: { a: NAME, b: NAME, ...JSON_FLAG },
  run({ args }) {
    const store = thisStore();
    const [a, b] = [usableKernel(store, args.a), usableKernel(store, args.b)];
    const [before, after] = [configOf(a), configOf(b)];
    const options = before && after && diffConfigs(before, after);
    const sizes = [a, b].map(({ size, manifest }) => ({ size, footprint: manifest?.footprint ?? 0 }));
    const configuration = [before, after].map((config) => (config ? "known" : UNKNOWN_CONFIG));
    const rows = [
      ["", a.name, b.name],
      ["stored", ...sizes.map(({ size }) => bytes(size))],
      ["in memory", ...sizes.map(({ footprint }) => bytes(footprint))],
      ...(options?.map((option) => [option.option, option.before, option.after]) ?? [["options", ...configuration]]),
    ];
    show(args.json, { sizes, options: options ?? null }, table(rows));
  },
});

/** Undefined where it is not known, which is not the same as empty. */
function configOf(kernel: StoredKernel): KernelConfig | undefined {
  const text = configText(kernel);
  return text === undefined ? undefined : parseKernelConfig(text);
}
