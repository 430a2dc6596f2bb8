/**
 * The one definition of a VM, in the shape of Firecracker's config file. Flags, a file and an API's bodies all become
 * this; volt's own settings are under `volt`.
 */
import * as v from "valibot";
import { CpuTemplateSchema } from "./cpu-template.ts";
import { balloon, drives, entropy, networkInterfaces, tokenBucket, vsock } from "./devices.ts";
import { bootArgs, cpuList, oneOf, path, seconds, text, whole } from "./fields.ts";
import { LOG_FORMATS, LOG_LEVELS } from "./log-levels.ts";
import { MOST_MMDS_BYTES, mmdsConfig } from "./mmds.ts";
import { sandbox } from "./sandbox.ts";
import { VM_NAME } from "./vm-name.ts";

/** A vCPU's number is its local APIC id; 32 is what the contract allows. */
const VCPUS = { min: 1, max: 32 };
/** 16 TiB: far beyond any host here, and exact in every calculation. */
const MEMORY_MIB = { min: 1, max: 2 ** 24 };

const bootSource = v.strictObject({
  /** A name in the kernel store, or a path. Without one: the store's default. */
  kernel_image_path: v.optional(path),
  /** Without one: volt's own initramfs. */
  initrd_path: v.optional(path),
  /** Replaces the default command line. */
  boot_args: v.optional(bootArgs),
});

const machineSettings = v.strictObject({
  vcpu_count: v.optional(whole(VCPUS.min, VCPUS.max), 1),
  mem_size_mib: v.optional(whole(MEMORY_MIB.min, MEMORY_MIB.max), 128),
  huge_pages: v.optional(oneOf("None", "2M"), "None"),
  /** A template that volt has, or a file in the format of `cpu-config`. */
  cpu_template: v.optional(path),
});
/** hugetlbfs rounds up: a last half page would be reserved for nobody. */
const fillsHugePages = ({ huge_pages, mem_size_mib }: v.InferOutput<typeof machineSettings>) =>
  huge_pages === "None" || mem_size_mib % 2 === 0;
const machineConfig = v.pipe(
  machineSettings,
  v.forward(v.check(fillsHugePages, "must be an even number of MiB to fill huge pages of 2 MiB"), ["mem_size_mib"]),
);

const logger = v.strictObject({
  log_path: v.optional(path),
  level: v.optional(oneOf(...LOG_LEVELS), "warn"),
  format: v.optional(oneOf(...LOG_FORMATS), "text"),
});

const metrics = v.strictObject({
  /** A file, made if need be, or a FIFO: one line of JSON a minute. */
  metrics_path: path,
  /** Whether each line has the VM's id. */
  emit_id: v.optional(v.boolean(), false),
  /** Of the operator's, on each line. */
  properties: v.optional(v.record(v.string(), v.string())),
});

const consoleOutput = v.strictObject({
  /** A file, made if need be and added to, or a FIFO, which needs no reader. Without one: stdin and stdout all the same. */
  path: v.optional(path),
  /** In bytes; what is more is lost. */
  limit: v.optional(tokenBucket),
});

const volt = v.strictObject({
  id: v.optional(v.pipe(v.string(), v.regex(VM_NAME, "must be 1 to 64 letters, digits or dashes"))),
  /** Host CPUs for the vCPU threads, one each and round again: `0-3,8`. */
  cpu_affinity: v.optional(cpuList),
  /** Added to the command line. */
  append: v.optional(bootArgs),
  /** `volt run` comes back once the VM runs, and leaves it behind. */
  detached: v.optional(v.boolean()),
  /** False: a guest without an initrd has none. */
  own_initramfs: v.optional(v.boolean()),
  /** What volt's own initramfs runs; its shell without one. */
  command: v.optional(v.pipe(v.array(text), v.minLength(1, "must not be empty"))),
  console: v.optional(oneOf("serial", "virtio", "none"), "serial"),
  /** In place of stdin and stdout: nothing is typed, and what can't be written at once is lost. */
  console_output: v.optional(consoleOutput),
  /** Which of a kernel's entries is used. */
  boot_protocol: v.optional(oneOf("auto", "linux", "pvh"), "auto"),
  /** Whether kernel and initrd pages are mapped from their files, or copied. */
  load: v.optional(oneOf("auto", "map", "copy"), "auto"),
  /** Only a kernel of the store that came with a signature of a trusted key. */
  require_signed: v.optional(v.boolean()),
  /** Seconds a guest has to go down after it was asked to. */
  stop_timeout: v.optional(seconds, 10),
  /** Where the timeline goes, as Chrome Trace Event JSON. */
  trace_path: v.optional(path),
  sandbox: v.optional(sandbox, {}),
  /** A file with the JSON that the metadata service has at the start. */
  metadata_path: v.optional(path),
  /** Bytes of JSON it may have, if not 51,200. */
  mmds_size_limit: v.optional(whole(0, MOST_MMDS_BYTES)),
});

const vmFields = v.strictObject({
  "boot-source": v.optional(bootSource, {}),
  "machine-config": v.optional(machineConfig, {}),
  /** A CPU template written out, or the path of its file. */
  "cpu-config": v.optional(v.lazy((input) => (typeof input === "string" ? path : CpuTemplateSchema))),
  drives: v.optional(drives, []),
  "network-interfaces": v.optional(networkInterfaces, []),
  vsock: v.optional(vsock),
  balloon: v.optional(balloon),
  entropy: v.optional(entropy),
  /** The metadata service: without it no interface has one. */
  "mmds-config": v.optional(mmdsConfig),
  logger: v.optional(logger, {}),
  metrics: v.optional(metrics),
  volt: v.optional(volt, {}),
});

/** One template: two would each be half of what the guest gets. */
export const VmConfigSchema = v.pipe(
  vmFields,
  v.forward(
    v.check(
      (vm) => vm["cpu-config"] === undefined || vm["machine-config"].cpu_template === undefined,
      "is a second CPU template, beside machine-config.cpu_template: give one of the two",
    ),
    ["cpu-config"],
  ),
  v.forward(
    v.check(
      (vm) => interfacesOfMmds(vm).every((card) => card !== undefined),
      "names an interface that is not among network-interfaces: check its iface_id",
    ),
    ["mmds-config"],
  ),
  v.forward(
    v.check(
      (vm) => interfacesOfMmds(vm).every((card) => !card?.vhost),
      "names an interface with vhost, whose frames do not pass volt: leave vhost out, or give another interface",
    ),
    ["mmds-config"],
  ),
);

function interfacesOfMmds(vm: v.InferOutput<typeof vmFields>) {
  const named = vm["mmds-config"]?.network_interfaces ?? [];
  return named.map((id) => vm["network-interfaces"].find(({ iface_id }) => iface_id === id));
}

/** A VM as a person writes it. */
export type VmConfigInput = v.InferInput<typeof VmConfigSchema>;
/** A VM with every default filled in. */
export type VmConfig = v.InferOutput<typeof VmConfigSchema>;
