/** `volt kernel diff`. */
import { defineCommand } from "citty";
import { ConfigError } from "../../config/error.ts";
import { diffConfigs, type KernelConfig, parseKernelConfig } from "../../kernels/config-file.ts";
import { type StoredKernel, storedKernel } from "../../kernels/list.ts";
import { bytes, JSON_FLAG, NAME, show, table, thisStore } from "./command.ts";
import { configText } from "./inspect.ts";

export const diffCommand = defineCommand({
  meta: { name: "diff", description: "compares two kernels: size and configuration" },
  args: { a: NAME, b: NAME, ...JSON_FLAG },
  run({ args }) {
    const store = thisStore();
    const [a, b] = [storedKernel(store, args.a), storedKernel(store, args.b)];
    const options = diffConfigs(configOf(a), configOf(b));
    const sizes = [a, b].map(({ size, manifest }) => ({ size, footprint: manifest?.footprint ?? 0 }));
    const rows = [
      ["", a.name, b.name],
      ["stored", ...sizes.map(({ size }) => bytes(size))],
      ["in memory", ...sizes.map(({ footprint }) => bytes(footprint))],
      ...options.map(({ option, before, after }) => [option, before, after]),
    ];
    show(args.json, { sizes, options }, table(rows));
  },
});

function configOf(kernel: StoredKernel): KernelConfig {
  const text = configText(kernel);
  if (text !== undefined) return parseKernelConfig(text);
  throw new ConfigError("", kernel.name, "its configuration is not known: add it with --kernel-config FILE");
}
