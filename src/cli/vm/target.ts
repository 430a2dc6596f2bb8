/** The running VM that a command is about: by its name, or by its API's socket. */
import type { ArgsDef } from "citty";
import { ConfigError } from "../../config/error.ts";
import { type FoundInstance, findInstance, listInstances } from "../../instances/list.ts";
import { runtimeFolder } from "../../instances/paths.ts";

export const TARGET_FLAGS = {
  name: {
    type: "positional",
    required: false,
    description: "the VM, as volt ps names it",
    completes: "vm",
  },
  id: { type: "string", valueHint: "NAME", description: "the same", completes: "vm" },
  api: { type: "string", valueHint: "SOCKET", description: "the VM whose API listens there" },
} as const satisfies ArgsDef & Record<string, { readonly completes?: "vm" }>;

export interface TargetArgs {
  readonly name?: string | undefined;
  readonly id?: string | undefined;
  readonly api?: string | undefined;
}

export interface Target {
  /** How messages call it. */
  readonly name: string;
  /** Its API's socket. */
  readonly api: string;
  /** Undefined for one that is known by its socket alone. */
  readonly instance: FoundInstance | undefined;
}

/** @param command for the message @throws ConfigError when there is no such VM, or it has ended */
export function findTarget(args: TargetArgs, command: string): Target {
  const { name, api } = checked(args, command);
  if (api !== undefined) return { name: api, api, instance: undefined };
  const instance = findNamed(name!, command);
  if (!instance.isAlive) throw new ConfigError("", name!, "this VM has ended");
  return { name: name!, api: instance.record?.api ?? instance.paths.api, instance };
}

/** One that runs, or has left something. @throws ConfigError */
export function findInstanceOf(args: TargetArgs, command: string): FoundInstance {
  const { name, api } = checked(args, command);
  if (name === undefined)
    throw new ConfigError("", "--api", `${command} reads the files of a VM: give its name, not ${api}`);
  return findNamed(name, command);
}

function checked({ name, id, api }: TargetArgs, command: string): TargetArgs {
  const given = [name, id, api].filter((one) => one !== undefined);
  if (given.length > 1) throw new ConfigError("", command, `takes one VM, not ${given.join(" and ")}: leave one out`);
  if (given.length === 0) throw new ConfigError("", command, `which VM? ${whatRuns()}`);
  return { name: name ?? id, api };
}

function findNamed(name: string, command: string): FoundInstance {
  const home = runtimeFolder();
  const instance = home === undefined ? undefined : findInstance(home, name);
  if (!instance) throw new ConfigError("", command, `there is no VM named ${name}: ${whatRuns()}`);
  return instance;
}

function whatRuns(): string {
  const home = runtimeFolder();
  if (home === undefined)
    return "without XDG_RUNTIME_DIR (or VOLT_RUNTIME_DIR) none has a name here: give --api SOCKET";
  const names = listInstances(home).flatMap(({ id, isAlive }) => (isAlive ? [id] : []));
  if (names.length === 0) return `none runs, by ${home}`;
  return `there ${names.length === 1 ? "is" : "are"} ${names.join(", ")}`;
}
