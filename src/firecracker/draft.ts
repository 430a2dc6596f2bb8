/** A microVM before its start: sections come one by one, each checked as it comes. Plain data, so that it crosses an exec. */

import { Fd, O } from "../../ffi/fd.ts";
import { Fault } from "../api/router.ts";
import type { CpuTemplate } from "../config/cpu-template.ts";
import { DEFAULT_MMDS_BYTES, isLinkLocal } from "../config/mmds.ts";
import { MmdsStore } from "../devices/mmds/store.ts";
import { openLineTarget } from "../host/line-target.ts";
import type { PlannedMetrics } from "../machine/metrics-file.ts";
import { checkFile, checkSocketPath, checkTap, fileProblem, osError } from "./host-checks.ts";
import type {
  Balloon,
  BootSource,
  Drive,
  Entropy,
  MachineConfig,
  Metrics,
  MmdsConfig,
  NetworkInterface,
  Serial,
  Vsock,
} from "./schema.ts";

export interface Draft {
  machine: MachineConfig;
  boot: BootSource | undefined;
  cpu: CpuTemplate | undefined;
  /** In the order they came; the root first. */
  drives: Drive[];
  interfaces: NetworkInterface[];
  vsock: Vsock | undefined;
  balloon: Balloon | undefined;
  entropy: Entropy | undefined;
  /** Opened at the start. */
  serial: Serial | undefined;
  /** Opened when they were asked for, once. */
  metrics: PlannedMetrics | undefined;
  mmds: MmdsConfig | undefined;
  /** What the metadata service has to tell, as JSON, and the bytes it may have. */
  metadata: string | undefined;
  readonly metadataLimit: number;
}

const MOST_VCPUS = 32;
/** x86's, the NUL included. */
const MOST_COMMAND_LINE_BYTES = 2048;

export function newDraft(metadataLimit = DEFAULT_MMDS_BYTES): Draft {
  return {
    machine: { vcpu_count: 1, mem_size_mib: 128 },
    boot: undefined,
    cpu: undefined,
    drives: [],
    interfaces: [],
    vsock: undefined,
    balloon: undefined,
    entropy: undefined,
    serial: undefined,
    metrics: undefined,
    mmds: undefined,
    metadata: undefined,
    metadataLimit,
  };
}

/** @throws Fault with Firecracker's text, as do all below */
export function setMachine(draft: Draft, machine: MachineConfig): void {
  const { vcpu_count, mem_size_mib, smt, huge_pages = "None" } = machine;
  const prefix = "Machine config error:";
  const isOdd = smt === true && vcpu_count > 1 && vcpu_count % 2 === 1;
  if (vcpu_count < 1 || vcpu_count > MOST_VCPUS || isOdd) {
    throw new Fault(
      `${prefix} The number of vCPUs must be greater than 0, less than 32 and must be 1 or an even number if SMT is enabled.`,
    );
  }
  if (mem_size_mib === 0 || (huge_pages !== "None" && mem_size_mib % 2 !== 0)) {
    throw new Fault(`${prefix} The memory size (MiB) is either 0, or not a multiple of the configured page size.`);
  }
  if (draft.balloon && draft.balloon.amount_mib > mem_size_mib) {
    throw new Fault(`${prefix} The memory size (MiB) is smaller than the previously set balloon device target size.`);
  }
  draft.machine = machine;
}

export function setBoot(draft: Draft, boot: BootSource): void {
  checkFile(boot.kernel_image_path, "Boot source error: The kernel file cannot be opened:");
  if (boot.initrd_path !== undefined) {
    checkFile(
      boot.initrd_path,
      "Boot source error: The initrd file cannot be opened due to invalid path or invalid permissions.",
    );
  }
  if ((boot.boot_args?.length ?? 0) >= MOST_COMMAND_LINE_BYTES) {
    throw new Fault(
      "Boot source error: The kernel command line is invalid: Inserting string would make command line too long.",
    );
  }
  draft.boot = boot;
}

export function setDrive(draft: Draft, drive: Drive): void {
  const prefix = "Drive config error:";
  if (drive.socket !== undefined) throw new Fault(`${prefix} volt does not have vhost-user disks yet.`);
  if (drive.path_on_host === undefined)
    throw new Fault(`${prefix} Unable to create the virtio block device: Invalid block config.`);
  const others = draft.drives.filter(({ drive_id }) => drive_id !== drive.drive_id);
  if (drive.is_root_device && others.some(({ is_root_device }) => is_root_device)) {
    throw new Fault(`${prefix} A root block device already exists!`);
  }
  const problem = fileProblem(drive.path_on_host, drive.is_read_only ?? false);
  if (problem !== undefined) {
    throw new Fault(
      `${prefix} Unable to create the virtio block device: Virtio backend error: Error manipulating the backing file: ${problem} ${drive.path_on_host}`,
    );
  }
  draft.drives = replaced(draft.drives, drive, ({ drive_id }) => drive_id);
  draft.drives.sort((a, b) => Number(b.is_root_device) - Number(a.is_root_device));
}

export function setInterface(draft: Draft, card: NetworkInterface): void {
  const prefix = "Network config error:";
  const others = draft.interfaces.filter(({ iface_id }) => iface_id !== card.iface_id);
  const mac = card.guest_mac?.toLowerCase();
  if (mac !== undefined && others.some(({ guest_mac }) => guest_mac?.toLowerCase() === mac)) {
    throw new Fault(`${prefix} The MAC address is already in use: ${card.guest_mac}`);
  }
  checkTap(card.host_dev_name, `${prefix} Could not create the network device: Open tap device failed:`);
  draft.interfaces = replaced(draft.interfaces, card, ({ iface_id }) => iface_id);
}

export function setVsock(draft: Draft, vsock: Vsock): void {
  checkSocketPath(
    vsock.uds_path,
    "Vsock config error: Cannot create backend for vsock device: Error binding to the host-side Unix socket:",
  );
  draft.vsock = vsock;
}

export function setBalloon(draft: Draft, balloon: Balloon): void {
  if (balloon.amount_mib > draft.machine.mem_size_mib) {
    throw new Fault("Balloon config error: Amount of pages requested is too large.");
  }
  draft.balloon = balloon;
}

/** @param id the microVM's */
export function setMetrics(draft: Draft, { metrics_path, emit_id, properties }: Metrics, id: string): void {
  const prefix = "Metrics error: Cannot initialize the metrics system due to bad user input:";
  if (draft.metrics) throw new Fault(`${prefix} Reinitialization of metrics not allowed.`);
  try {
    const fd = openLineTarget(metrics_path, O.APPEND).number;
    draft.metrics = { fd, ...(emit_id ? { id } : {}), ...(properties ? { properties } : {}) };
  } catch (error) {
    throw new Fault(`${prefix} ${osError(error)}`);
  }
}

/** Their target survives an exec. */
export function keepMetricsOpen({ metrics }: Draft): void {
  if (metrics) new Fd(metrics.fd, "the metrics").setInherited(true);
}

/** Firecracker's prefix has three Ms. */
export function setMmds(draft: Draft, mmds: MmdsConfig): void {
  const prefix = "MMMDS config error:";
  if (!isLinkLocal(mmds.ipv4_address)) throw new Fault(`${prefix} The MMDS IPv4 address is not link local.`);
  if (mmds.network_interfaces.length === 0) {
    throw new Fault(`${prefix} The list of network interface IDs that allow forwarding MMDS requests is empty.`);
  }
  if (!mmds.network_interfaces.every((id) => draft.interfaces.some(({ iface_id }) => iface_id === id))) {
    throw new Fault(
      `${prefix} The list of network interface IDs provided contains at least one ID that does not correspond to any existing network interface.`,
    );
  }
  draft.mmds = mmds;
}

/** The store that the draft stands for. */
export function metadataOf({ metadata, metadataLimit }: Draft): MmdsStore {
  return new MmdsStore(metadataLimit, metadata);
}

/** In its place where the id is there already. */
function replaced<T>(list: readonly T[], one: T, idOf: (one: T) => string): T[] {
  const at = list.findIndex((other) => idOf(other) === idOf(one));
  return at < 0 ? [...list, one] : list.with(at, one);
}
