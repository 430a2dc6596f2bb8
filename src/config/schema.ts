/**
 * The one definition of a VM, in the shape of Firecracker's config file. Flags, a file and an API's bodies all become
 * this; volt's own settings are under `volt`.
 */
import * as v from "valibot";
import { balloon, drives, entropy, networkInterfaces, vsock } from "./devices.ts";
import { bootArgs, oneOf, path, seconds, text, whole } from "./fields.ts";
import { LOG_FORMATS, LOG_LEVELS } from "./log-levels.ts";
import { sandbox } from "./sandbox.ts";

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

const volt = v.strictObject({
  id: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{1,64}$/, "must be 1 to 64 letters, digits or dashes"))),
  /** Added to the command line. */
  append: v.optional(bootArgs),
  /** What volt's own initramfs runs; its shell without one. */
  command: v.optional(v.pipe(v.array(text), v.minLength(1, "must not be empty"))),
  console: v.optional(oneOf("serial", "virtio", "none"), "serial"),
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
});

export const VmConfigSchema = v.strictObject({
  "boot-source": v.optional(bootSource, {}),
  "machine-config": v.optional(machineConfig, {}),
  drives: v.optional(drives, []),
  "network-interfaces": v.optional(networkInterfaces, []),
  vsock: v.optional(vsock),
  balloon: v.optional(balloon),
  entropy: v.optional(entropy),
  logger: v.optional(logger, {}),
  volt: v.optional(volt, {}),
});

/** A VM as a person writes it. */
export type VmConfigInput = v.InferInput<typeof VmConfigSchema>;
/** A VM with every default filled in. */
export type VmConfig = v.InferOutput<typeof VmConfigSchema>;
