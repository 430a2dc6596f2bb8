/** Stage one: opens everything that has a path, while volt still may. */
import { closeOnExecFrom } from "../../ffi/close-range.ts";
import { Errno, SystemError } from "../../ffi/error.ts";
import { Fd, O } from "../../ffi/fd.ts";
import { isTerminal, windowSize } from "../../ffi/terminal.ts";
import { ConfigError } from "../config/error.ts";
import type { VmConfig } from "../config/schema.ts";
import { rootDisk } from "../config/user-land.ts";
import { type DeviceKinds, openDevices } from "../devices/virtio/registry.ts";
import { hostBrand } from "../host/brand.ts";
import { openInput, openLines, openOutput } from "../host/open-file.ts";
import type { FoundKernel } from "../kernels/store.ts";
import type { Timeline } from "../observe/timeline.ts";
import { DEFAULT_ID, VERSION } from "../version.ts";
import { hostCpusOf } from "./affinity.ts";
import { cpuTemplateOf } from "./cpu-template.ts";
import { readMetadata } from "./metadata.ts";
import type { PlannedMetrics } from "./metrics-file.ts";
import type { Plan, PlannedFile, PlannedStream } from "./plan.ts";
import { userLand } from "./user-land.ts";

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

/** A plan that only lacks what the sandbox demands of stage two. */
export type OpenPlan = Omit<Plan, "sandbox" | "face" | "counts">;

/**
 * Every descriptor in the plan survives an exec. An error is about a field of the configuration, by its path: whoever read
 * that knows what the user calls it.
 * @throws ConfigError, SystemError
 */
export function openPlan(
  config: VmConfig,
  kinds: DeviceKinds,
  kernel: FoundKernel,
  timeline: Timeline,
  metadata?: string,
): OpenPlan {
  // What else the caller left open is his: it ends with this stage.
  closeOnExecFrom(STDERR + 1);
  // Where he closed one of these, Bun has opened /dev/null in its place, which stage two no longer can.
  for (const fd of [STDIN, STDOUT, STDERR]) new Fd(fd, "standard input or output").setInherited(true);
  const { initrd_path } = config["boot-source"];
  if (initrd_path !== undefined && config.volt.command) {
    throw new ConfigError(
      "",
      "boot-source.initrd_path",
      "a command after `--` runs in volt's own initramfs: give one or the other",
    );
  }
  const plan = {
    version: VERSION,
    config,
    kvm: openKvm(),
    kernel: { ...openImage(kernel.path, "boot-source.kernel_image_path"), mappable: kernel.inStore },
    initrd: initrd_path === undefined ? undefined : openImage(initrd_path, "boot-source.initrd_path"),
    modules:
      kernel.modulesPath === undefined ? undefined : openImage(kernel.modulesPath, "boot-source.kernel_image_path"),
    processors: { brand: hostBrand(), template: cpuTemplateOf(config), hostCpus: hostCpusOf(config) },
    metadata: metadata ?? readMetadata(config),
    ...consoleStreams(config.volt),
    window: windowSize(STDIN) ?? windowSize(STDOUT),
    term: process.env["TERM"],
    log: config.logger.log_path === undefined ? STDERR : openLog(config.logger.log_path),
    trace: config.volt.trace_path === undefined ? undefined : openTrace(config.volt.trace_path),
    metrics: config.metrics && openMetrics(config.metrics, config.volt.id ?? DEFAULT_ID),
  };
  const { root } = userLand(plan);
  const disk = rootDisk(config);
  if (root && disk?.partuuid !== undefined) {
    const field = `drives.${config.drives.indexOf(disk)}.partuuid`;
    throw new ConfigError("", field, "volt's own init mounts whole disks: give a kernel that needs no modules");
  }
  // Last: a device may leave a mark, such as a socket's file, that nobody would take away if another step failed.
  const devices = openDevices(kinds, config);
  timeline.mark("files opened");
  return { ...plan, devices, stamps: timeline.stamps() };
}

function openKvm(): number {
  try {
    return inherited(Fd.open("/dev/kvm", O.RDWR));
  } catch (error) {
    throw new ConfigError("", "/dev/kvm", kvmMend(error));
  }
}

function kvmMend(error: unknown): string {
  const code = error instanceof SystemError ? error.errno : 0;
  if (code === Errno.ENOENT) return "there is none: load the module (modprobe kvm_intel or kvm_amd); see `volt doctor`";
  if (code === Errno.EACCES) return "permission denied: join its group (usermod -aG kvm $USER, then log in again)";
  return `${error instanceof Error ? error.message : error}: see \`volt doctor\``;
}

function openImage(path: string, field: string): PlannedFile {
  const { fd, size } = openInput(path, field);
  return { fd: inherited(fd), name: path, size };
}

function openLog(path: string): number {
  return inherited(openLines(path, "logger.log_path"));
}

function openTrace(path: string): number {
  return inherited(openOutput(path, "volt.trace_path", O.TRUNC));
}

function openMetrics(
  { metrics_path: path, emit_id, properties }: NonNullable<VmConfig["metrics"]>,
  id: string,
): PlannedMetrics {
  const fd = inherited(openLines(path, "metrics.metrics_path"));
  return { fd, ...(emit_id ? { id } : {}), ...(properties ? { properties } : {}) };
}

/** Where the console is elsewhere, stdin and stdout are the caller's alone: nothing is read of one, nothing written to the other. */
function consoleStreams({ console, console_output }: VmConfig["volt"]): Pick<Plan, "stdin" | "stdout"> {
  const { path, limit } = console_output ?? {};
  const limited = limit ? { limit } : {};
  if (console !== "none" && path === undefined) {
    return { stdin: stream(STDIN, O.RDONLY), stdout: { ...stream(STDOUT, O.WRONLY), ...limited } };
  }
  const nowhere = { fd: inherited(Fd.open("/dev/null", O.RDWR)), isTerminal: false, neverBlocks: true };
  if (console === "none" || path === undefined) return { stdin: nowhere, stdout: nowhere };
  const fd = inherited(openLines(path, "volt.console_output.path"));
  return { stdin: nowhere, stdout: { fd, isTerminal: false, neverBlocks: true, loses: true, ...limited } };
}

/**
 * A side of the console that never makes a thread wait. O_NONBLOCK belongs to the open file, which the user's shell
 * shares: so terminals and pipes are opened once more. A regular file is not: the new one would start at its beginning.
 */
function stream(number: number, access: number): PlannedStream {
  const isTerminalHere = isTerminal(number);
  const { kind } = new Fd(number, "standard input or output").status();
  if (kind === "fifo" || kind === "character") {
    try {
      const fd = inherited(Fd.open(`/proc/self/fd/${number}`, access | O.NONBLOCK));
      return { fd, isTerminal: isTerminalHere, neverBlocks: true };
    } catch {
      // Somebody else's terminal (after `su`): what we were given still works, with care.
    }
  }
  return { fd: number, isTerminal: isTerminalHere, neverBlocks: kind === "file" || kind === "block" };
}

function inherited(fd: Fd): number {
  fd.setInherited(true);
  return fd.number;
}
