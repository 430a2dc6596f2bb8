/** The flags of `volt run`, and the configuration they make. */
import type { ArgsDef, ParsedArgs } from "citty";
import { ConfigError } from "../config/error.ts";
import { LOG_FORMATS, LOG_LEVELS } from "../config/log-levels.ts";
import type { VmConfigLayer } from "../config/parse.ts";
import type { VmConfigInput } from "../config/schema.ts";
import { parseMib } from "../config/size.ts";
import { DEVICE_FLAGS, devicesOfFlags } from "./device-flags.ts";
import { SANDBOX_FLAGS, sandboxOfFlags } from "./sandbox-flags.ts";

export const RUN_FLAGS = {
  config: {
    type: "string",
    valueHint: "FILE",
    description: "a VM in JSON, in the shape of Firecracker's config file; flags win over it",
  },
  kernel: {
    type: "string",
    valueHint: "NAME|PATH",
    description: "a name in the kernel store, or a vmlinux or bzImage file",
  },
  initrd: { type: "string", valueHint: "PATH", description: "instead of volt's own initramfs" },
  cmdline: {
    type: "string",
    valueHint: "S",
    description: "replaces the default kernel command line",
    mayBeEmpty: true,
  },
  append: { type: "string", valueHint: "S", description: "adds to the kernel command line", mayBeEmpty: true },
  cpus: { type: "string", valueHint: "N", description: "1 to 32 (default 1)" },
  "cpu-template": {
    type: "string",
    valueHint: "NAME|FILE",
    description:
      "which features the guest sees: baseline-v2, -v3, -v4 (x86-64 levels), or a file as `volt cpu dump` prints",
  },
  "cpu-affinity": {
    type: "string",
    valueHint: "LIST",
    description: "host CPUs for the vCPU threads, one each and round again: 0-3,8",
  },
  memory: { type: "string", valueHint: "SIZE", description: "128M (default), 1G; a bare number is MiB" },
  hugepages: { type: "boolean", description: "backs guest memory with 2 MiB hugetlbfs pages" },
  console: {
    type: "enum",
    options: ["serial", "virtio", "none"],
    description: "which console stdin and stdout are (default serial)",
  },
  id: {
    type: "string",
    valueHint: "NAME",
    description: "a name for the VM, and its guest's host name (default: a name that volt makes up)",
  },
  d: {
    type: "boolean",
    description: "detached: comes back, with the VM's name, once it runs (volt console, logs, stop)",
  },
  api: {
    type: "string",
    valueHint: "SOCKET",
    description: "where the control API listens, for its owner alone (default: a socket in the runtime folder)",
  },
  "boot-protocol": {
    type: "enum",
    options: ["auto", "linux", "pvh"],
    description: "which entry of the kernel is used (default auto)",
  },
  load: {
    type: "enum",
    options: ["auto", "map", "copy"],
    description: "whether the kernel's pages are mapped from its file or copied (default auto)",
  },
  "require-signed": {
    type: "boolean",
    description: "boots only a kernel of the store that came with a signature of a trusted key",
  },
  "stop-timeout": {
    type: "string",
    valueHint: "SECONDS",
    description: "how long a guest may take to go down when asked (default 10)",
  },
  "log-level": { type: "enum", options: [...LOG_LEVELS], description: "how much volt says on stderr (default warn)" },
  "log-format": { type: "enum", options: [...LOG_FORMATS], description: "(default text)" },
  "log-file": { type: "string", valueHint: "FILE", description: "the log goes there instead of stderr" },
  "metrics-path": {
    type: "string",
    valueHint: "FILE",
    description: "writes Firecracker's metrics there, a line a minute; a FIFO needs no reader",
  },
  trace: {
    type: "string",
    valueHint: "FILE",
    description: "writes the start and boot timeline as Chrome Trace Event JSON",
  },
  metadata: {
    type: "string",
    valueHint: "FILE",
    description: "JSON that the guest's metadata service begins with; needs mmds-config in the --config file",
  },
  ...DEVICE_FLAGS,
  ...SANDBOX_FLAGS,
  "print-config": { type: "boolean", description: "prints the resolved configuration as JSON and starts nothing" },
} satisfies ArgsDef & Record<string, { readonly mayBeEmpty?: boolean }>;

/** Shown by --help. */
export const RUN_EXAMPLES = [
  "volt run                           a shell in a new VM",
  "volt run -- uname -a               one command; its exit status is volt's",
  "volt run --memory 1G --cpus 2 -- sh -c 'nproc; free -m'",
  "volt run -d --id web -- httpd -f   detached; then: volt console web, volt logs web, volt stop web",
  "volt run --disk root.ext4,root    a Linux on a disk",
  "volt run --kernel ./vmlinux --initrd ./initrd.cpio --append debug",
];

/** The flag that sets a field of the configuration, for errors in a user's own words. */
const FLAG_OF: Readonly<Record<string, string>> = {
  "boot-source.kernel_image_path": "--kernel",
  "boot-source.initrd_path": "--initrd",
  "boot-source.boot_args": "--cmdline",
  "machine-config.vcpu_count": "--cpus",
  "machine-config.mem_size_mib": "--memory",
  "machine-config.cpu_template": "--cpu-template",
  "volt.cpu_affinity": "--cpu-affinity",
  "drives.path_on_host": "--disk",
  "logger.log_path": "--log-file",
  "metrics.metrics_path": "--metrics-path",
  "volt.id": "--id",
  "volt.detached": "-d",
  "volt.append": "--append",
  "volt.stop_timeout": "--stop-timeout",
  "volt.trace_path": "--trace",
  "volt.metadata_path": "--metadata",
  "volt.sandbox.uid": "--uid",
  "volt.sandbox.gid": "--gid",
  "volt.sandbox.cgroup.name": "--cgroup",
  "volt.sandbox.allow_paths": "--allow-path",
};

export type RunArgs = ParsedArgs<typeof RUN_FLAGS>;

/**
 * What the flags say, and nothing else: no defaults.
 * @param lists the values of the flags that may be given more than once
 * @param command what comes after `--`
 */
export function configOfFlags(
  args: RunArgs,
  lists: Readonly<Record<string, readonly string[]>>,
  command: readonly string[],
): VmConfigLayer {
  return {
    "boot-source": given({ kernel_image_path: args.kernel, initrd_path: args.initrd, boot_args: args.cmdline }),
    "machine-config": given({
      vcpu_count: flagNumber(args.cpus, "--cpus"),
      mem_size_mib: args.memory === undefined ? undefined : parseMib(args.memory, "--memory"),
      huge_pages: args.hugepages ? ("2M" as const) : undefined,
      cpu_template: args["cpu-template"],
    }),
    ...devicesOfFlags(args, lists),
    logger: given({
      log_path: args["log-file"],
      level: args["log-level"],
      format: args["log-format"],
    }) as VmConfigInput["logger"],
    ...(args["metrics-path"] === undefined ? {} : { metrics: { metrics_path: args["metrics-path"] } }),
    volt: given({
      id: args.id,
      detached: args.d,
      cpu_affinity: args["cpu-affinity"],
      append: args.append,
      command: command.length > 0 ? [...command] : undefined,
      console: args.console,
      boot_protocol: args["boot-protocol"],
      load: args.load,
      require_signed: args["require-signed"],
      stop_timeout: flagNumber(args["stop-timeout"], "--stop-timeout"),
      trace_path: args.trace,
      metadata_path: args.metadata,
      sandbox: sandboxOfFlags(args, lists["allow-path"]),
    }) as VmConfigInput["volt"],
  };
}

/** Where a flag is a whole section, or an element of one. */
const SECTION_OF: Readonly<Record<string, string>> = {
  "--net": "network-interfaces",
  "--vsock": "vsock",
  "--cgroup": "volt.sandbox.cgroup",
};

/** What on the command line sets the field with this path. */
export function flagOf(field: string): string {
  const [section] = Object.entries(SECTION_OF).find(([, path]) => path === field) ?? [];
  return section ?? FLAG_OF[field.replace(/\.\d+(?=$|\.path_on_host$)/, "")] ?? field;
}

/** The path of the field that a flag sets; what is no such flag comes back as it is. */
export function fieldOf(flag: string): string {
  const [path] = Object.entries(FLAG_OF).find(([, name]) => name === flag) ?? [];
  return SECTION_OF[flag] ?? path ?? flag;
}

/** Leaves out what was not given, so that a config file's value stays. */
function given<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

/** A flag's number. @throws ConfigError that names the flag */
export function flagNumber(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  // Number() also takes 0x10, 1e1 and blanks, which nobody means here.
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new ConfigError("", flag, `"${text}" is no number`);
  return Number(text);
}
