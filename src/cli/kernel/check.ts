/** `volt kernel check`. */
import { existsSync, readFileSync } from "node:fs";
import { defineCommand } from "citty";
import { ConfigError } from "../../config/error.ts";
import { type CheckFinding, checkKernel, modulesIn } from "../../kernels/check/check.ts";
import { parseKernelConfig } from "../../kernels/config-file.ts";
import { usableKernel } from "../../kernels/list.ts";
import { PARTS } from "../../kernels/paths.ts";
import { commandLine, hasAcpi } from "../../machine/command-line.ts";
import type { Invocation } from "../invocation.ts";
import { resolveConfig } from "../resolve-config.ts";
import { configOfFlags, RUN_FLAGS } from "../run-flags.ts";
import { JSON_FLAG, NAME, show, table, thisStore } from "./command.ts";
import { configText, UNKNOWN_CONFIG } from "./inspect.ts";

export const checkCommand = defineCommand({
  meta: { name: "check", description: "tells whether a kernel can run a VM that these flags of `volt run` describe" },
  args: { name: NAME, ...RUN_FLAGS, ...JSON_FLAG },
  run({ args, data }) {
    const { lists, rest } = data as Invocation;
    const kernel = usableKernel(thisStore(), args.name);
    const config = configText(kernel);
    if (config === undefined) throw new ConfigError("", args.name, UNKNOWN_CONFIG);
    const vm = resolveConfig(args.config, configOfFlags(args, lists, rest));
    const archive = `${kernel.folder}/${PARTS.modules}`;
    const modules = existsSync(archive) ? modulesIn(readFileSync(archive)) : new Set<string>();
    const findings = checkKernel(parseKernelConfig(config), modules, vm, hasAcpi(commandLine(vm)));
    const works = findings.every(({ status }) => status !== "fail");
    show(args.json, { works, findings }, `${table(findings.flatMap(rows))}\n\n${verdict(args.name, findings)}`);
    if (!works) process.exitCode = 1;
  },
});

function rows({ status, option, by, found, mend }: CheckFinding): string[][] {
  const first = [status, `CONFIG_${option}`, by, found];
  return mend === "" ? [first] : [first, ["", "", "", `mend: ${mend}`]];
}

function verdict(name: string, findings: readonly CheckFinding[]): string {
  const failed = findings.filter(({ status }) => status === "fail");
  if (failed.length > 0) return `${name} can't run this VM: ${failed.map(({ by }) => by).join(", ")} would not work.`;
  const warned = findings.filter(({ status }) => status === "warn").length;
  return `${name} can run this VM${warned > 0 ? `, with ${warned} thing${warned === 1 ? "" : "s"} to know` : ""}.`;
}
