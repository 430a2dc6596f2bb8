/**
 * The one definition of a VM, in the shape of Firecracker's config file. Flags, a file and an API's bodies all become
 * this; volt's own settings are under `volt`.
 */
import * as v from "valibot";
import { LOG_FORMATS, LOG_LEVELS } from "./log-levels.ts";

/** A vCPU's number is its local APIC id; 32 is what the contract allows. */
const VCPUS = { min: 1, max: 32 };
/** 16 TiB: far beyond any host here, and exact in every calculation. */
const MEMORY_MIB = { min: 1, max: 2 ** 24 };

/** A kernel's command line is bytes of printable ASCII. NUL would cut it short, a line break forge a log line. */
const bootArgs = v.pipe(v.string(), v.regex(/^[\x20-\x7e\t]*$/, "must be printable ASCII"));
const noNul = v.regex(/^[^\0]*$/, "must not hold a NUL byte");
const path = v.pipe(v.string(), v.nonEmpty("must not be empty"), noNul);
const whole = (min: number, max: number) => {
  const text = `must be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(text), v.integer(text), v.minValue(min, text), v.maxValue(max, text));
};
const SECONDS_TEXT = "must be a number of seconds from 0 to 86400";
/** A day is as good as for ever, and every sum with it is exact. */
const seconds = v.pipe(v.number(SECONDS_TEXT), v.minValue(0, SECONDS_TEXT), v.maxValue(86_400, SECONDS_TEXT));
const oneOf = <const T extends readonly string[]>(...options: T) =>
  v.picklist(options, `must be one of ${options.join(", ")}`);

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
  command: v.optional(v.pipe(v.array(v.pipe(v.string(), noNul)), v.minLength(1, "must not be empty"))),
  console: v.optional(oneOf("serial", "none"), "serial"),
  /** Which of a kernel's entries is used. */
  boot_protocol: v.optional(oneOf("auto", "linux", "pvh"), "auto"),
  /** Whether kernel and initrd pages are mapped from their files, or copied. */
  load: v.optional(oneOf("auto", "map", "copy"), "auto"),
  /** Seconds a guest has to go down after it was asked to. */
  stop_timeout: v.optional(seconds, 10),
  /** Where the timeline goes, as Chrome Trace Event JSON. */
  trace_path: v.optional(path),
});

export const VmConfigSchema = v.strictObject({
  "boot-source": v.optional(bootSource, {}),
  "machine-config": v.optional(machineConfig, {}),
  /** There, the guest has an entropy device. */
  entropy: v.optional(v.strictObject({})),
  logger: v.optional(logger, {}),
  volt: v.optional(volt, {}),
});

/** A VM as a person writes it. */
export type VmConfigInput = v.InferInput<typeof VmConfigSchema>;
/** A VM with every default filled in. */
export type VmConfig = v.InferOutput<typeof VmConfigSchema>;
