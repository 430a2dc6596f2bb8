/** `volt cpu`: what a guest's processors look like, as a template, and how two of them differ. */
import { defineCommand } from "citty";
import { Kvm } from "../../ffi/kvm/system.ts";
import type { CpuTemplate } from "../config/cpu-template.ts";
import { compareTemplates } from "../cpu/template/compare.ts";
import { dumpTemplate } from "../cpu/template/dump.ts";
import { hostBrand } from "../host/brand.ts";
import { findTemplate } from "../machine/cpu-template.ts";
import { Processors } from "../machine/processors.ts";
import { print } from "./failure.ts";

const STDOUT = 1;
/** What a dump has as its processors' number, unless told otherwise: CPUID counts them. */
const ONE = 1;
/** Stands for this host in `volt cpu diff`. */
const HOST = "host";

const dumpCommand = defineCommand({
  meta: { name: "dump", description: "Print what a guest on this host gets, as a CPU template" },
  args: {
    "cpu-template": { type: "string", valueHint: "NAME|FILE", description: "with this template over it" },
  },
  run({ args }) {
    const name = args["cpu-template"];
    print(STDOUT, `${JSON.stringify(hostTemplate(name), null, 2)}\n`);
  },
});

const diffCommand = defineCommand({
  meta: { name: "diff", description: "Tell how two CPU templates differ; exit status 1 if they do" },
  args: {
    a: {
      type: "positional",
      required: true,
      description: `a template's name, a file, or "${HOST}" for what a guest on this host gets`,
    },
    b: { type: "positional", required: true, description: "the other one" },
    json: { type: "boolean", description: "as JSON" },
  },
  run({ args }) {
    const withHost = args.a === HOST || args.b === HOST;
    const differences = compareTemplates(templateOf(args.a), templateOf(args.b), withHost);
    const lines = differences.map(({ where, a, b }) => `${where}: ${a} -> ${b}\n`);
    print(STDOUT, args.json ? `${JSON.stringify(differences, null, 2)}\n` : lines.join(""));
    if (differences.length > 0) process.exitCode = 1;
  },
});

export const cpuCommand = defineCommand({
  meta: { name: "cpu", description: "Look at what a guest's processors are" },
  subCommands: { dump: dumpCommand, diff: diffCommand },
});

function templateOf(name: string): CpuTemplate {
  return name === HOST ? hostTemplate(undefined) : findTemplate(name, "cpu diff").template;
}

function hostTemplate(over: string | undefined): CpuTemplate {
  const template = over === undefined ? undefined : findTemplate(over, "--cpu-template");
  using kvm = Kvm.open();
  using vm = kvm.createVm();
  const processors = new Processors(kvm, ONE, { brand: hostBrand(), template });
  using vcpu = processors.identified(vm, 0);
  return dumpTemplate(processors.cpuid(0), (index) => vcpu.msr(index));
}
