/** `volt sandbox show`: the rules a run would live under. */
import { type ArgsDef, defineCommand } from "citty";
import { landlockAbi } from "../../ffi/host.ts";
import { ownRules } from "../api/own-face.ts";
import { ConfigError } from "../config/error.ts";
import { deviceKinds, deviceRules } from "../devices/virtio/registry.ts";
import { SERVICE_RULES } from "../machine/service-rules.ts";
import { describeSandbox, type LayerDescription } from "../security/describe.ts";
import { print } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { resolveConfig } from "./resolve-config.ts";
import { configOfFlags, RUN_FLAGS } from "./run-flags.ts";

const STDOUT = 1;

const SHOW_FLAGS = {
  what: { type: "positional", default: "show", valueHint: "show", description: "show: the rules, by layer and thread" },
  json: { type: "boolean", description: "one JSON object instead of text" },
} as const satisfies ArgsDef;

export const sandboxCommand = defineCommand({
  meta: { name: "sandbox", description: "the rules a VM would live under: volt sandbox show [FLAGS OF volt run]" },
  args: { ...SHOW_FLAGS, ...RUN_FLAGS },
  async run({ args, data }) {
    const { rest, lists } = data as Invocation;
    if (args.what !== "show") throw new ConfigError("", "sandbox", `"${args.what}" is not one of show`);
    const config = resolveConfig(args.config, configOfFlags(args, lists, rest));
    const own = ownRules(args.api !== undefined, config.volt.detached === true);
    const rules = [...deviceRules(await deviceKinds(config), config, true), ...SERVICE_RULES, ...own];
    const layers = describeSandbox(config, rules, abiOrNone());
    print(STDOUT, args.json ? `${JSON.stringify({ layers }, null, 2)}\n` : text(layers));
  },
});

function text(layers: readonly LayerDescription[]): string {
  return layers.map(({ layer, rules }) => `${layer}\n${rules.map((rule) => `  ${rule}\n`).join("")}`).join("\n");
}

function abiOrNone(): number {
  try {
    return landlockAbi();
  } catch {
    return 0;
  }
}
