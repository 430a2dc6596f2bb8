/** The flags of `volt run` for the sandbox. */
import type { ArgsDef, ParsedArgs } from "citty";
import { ConfigError } from "../config/error.ts";
import type { VmConfigInput } from "../config/schema.ts";
import { parseMib } from "../config/size.ts";
import { parseOptions } from "./option-list.ts";

const weaker = (layer: string) => `takes ${layer} off; volt warns of it`;

export const SANDBOX_FLAGS = {
  uid: { type: "string", valueHint: "N", description: "the user volt becomes once everything is open" },
  gid: { type: "string", valueHint: "N", description: "the group volt becomes" },
  cgroup: {
    type: "string",
    valueHint: "NAME[,memory=SIZE][,cpu=PERCENT][,pids=N][,rbps=SIZE][,wbps=SIZE][,riops=N][,wiops=N]",
    description:
      "the cgroup (v2) volt goes into, made where it is missing, and its limits; those from rbps on are a second's, on the devices its disks lie on",
  },
  "allow-path": {
    type: "string",
    valueHint: "PATH",
    description: "a file or folder that may be opened later, through the API (repeatable)",
    repeatable: true,
  },
  "require-namespaces": { type: "boolean", description: "no start without namespaces and a root of its own" },
  "pid-namespace": {
    type: "boolean",
    description: "no process but volt in its sight: the one that was started stays, as its parent",
  },
  sandbox: {
    type: "enum",
    options: ["enforce", "audit"],
    description: "audit: forbidden system calls are made and listed at the end (default enforce)",
  },
  seccomp: { type: "boolean", description: "(default)", negativeDescription: weaker("the system call filters") },
  landlock: { type: "boolean", description: "(default)", negativeDescription: weaker("the limits on files") },
  namespaces: { type: "boolean", description: "(default)", negativeDescription: weaker("the namespaces and the root") },
} as const satisfies ArgsDef & Record<string, { readonly repeatable?: boolean }>;

type SandboxArgs = Partial<ParsedArgs<typeof SANDBOX_FLAGS>>;
type SandboxInput = NonNullable<NonNullable<VmConfigInput["volt"]>["sandbox"]>;

/** What the flags say, and nothing else. @param paths the values of `--allow-path` */
export function sandboxOfFlags(args: SandboxArgs, paths: readonly string[] = []): SandboxInput {
  const namespaces = namespacesOfFlags(args);
  return {
    ...(args.uid === undefined ? {} : { uid: id(args.uid, "--uid") }),
    ...(args.gid === undefined ? {} : { gid: id(args.gid, "--gid") }),
    ...(args.cgroup === undefined ? {} : { cgroup: cgroupOfFlag(args.cgroup) }),
    ...(paths.length === 0 ? {} : { allow_paths: [...paths] }),
    ...(args.sandbox === undefined ? {} : { mode: args.sandbox as "enforce" | "audit" }),
    ...(args.seccomp === undefined ? {} : { seccomp: args.seccomp }),
    ...(args.landlock === undefined ? {} : { landlock: args.landlock }),
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(args["pid-namespace"] === undefined ? {} : { pid_namespace: args["pid-namespace"] }),
  };
}

function namespacesOfFlags(args: SandboxArgs): SandboxInput["namespaces"] {
  const required = args["require-namespaces"];
  if (required && args.namespaces === false) {
    throw new ConfigError("", "--no-namespaces", "not together with --require-namespaces: give one of them");
  }
  if (args["pid-namespace"] && args.namespaces === false) {
    throw new ConfigError("", "--no-namespaces", "not together with --pid-namespace: give one of them");
  }
  if (required) return "require";
  return args.namespaces === undefined ? undefined : args.namespaces ? "auto" : "off";
}

const CGROUP_OPTIONS = {
  memory: "value",
  cpu: "number",
  pids: "number",
  rbps: "value",
  wbps: "value",
  riops: "number",
  wiops: "number",
} as const;

function cgroupOfFlag(text: string): SandboxInput["cgroup"] {
  const options = parseOptions(text, "--cgroup", CGROUP_OPTIONS, "NAME");
  const { rbps, wbps, riops, wiops } = options;
  const io = {
    ...(rbps === undefined ? {} : { rbps_mib: parseMib(rbps, "--cgroup") }),
    ...(wbps === undefined ? {} : { wbps_mib: parseMib(wbps, "--cgroup") }),
    ...(riops === undefined ? {} : { riops }),
    ...(wiops === undefined ? {} : { wiops }),
  };
  return {
    name: options.first,
    ...(options.memory === undefined ? {} : { memory_mib: parseMib(options.memory, "--cgroup") }),
    ...(options.cpu === undefined ? {} : { cpu_percent: options.cpu }),
    ...(options.pids === undefined ? {} : { pids: options.pids }),
    ...(Object.keys(io).length === 0 ? {} : { io }),
  };
}

function id(text: string, flag: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new ConfigError("", flag, `"${text}" is no number: names are not looked up`);
  return Number(text);
}
