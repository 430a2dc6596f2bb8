/** A draft as volt's own configuration, and as Firecracker shows it. */
import type { VmConfigInput } from "../config/schema.ts";
import type { MachineControl } from "../machine/control.ts";
import { balloonNow } from "../machine/live-config.ts";
import type { Draft } from "./draft.ts";
import type { Serial } from "./schema.ts";

export const DEFAULT_BOOT_ARGS =
  "reboot=k panic=1 nomodule 8250.nr_uarts=0 i8042.noaux i8042.nomux i8042.dumbkbd swiotlb=noforce";
const NO_PCI = "pci=off";

type Limiter = Draft["drives"][number]["rate_limiter"];

/** What `volt run` would be told to make this machine. @param allowedPaths what its disks may have behind them later */
export function toVmConfig(draft: Draft, id: string, allowedPaths: readonly string[]): VmConfigInput {
  const { machine, boot, vsock, serial } = draft;
  return {
    "boot-source": {
      ...(boot ? { kernel_image_path: boot.kernel_image_path } : {}),
      ...(boot?.initrd_path === undefined ? {} : { initrd_path: boot.initrd_path }),
      boot_args: `${boot?.boot_args ?? DEFAULT_BOOT_ARGS} ${NO_PCI}`,
    },
    "machine-config": {
      vcpu_count: machine.vcpu_count,
      mem_size_mib: machine.mem_size_mib,
      // Transparent ones are the host's default for every machine here.
      huge_pages: machine.huge_pages === "2M" ? "2M" : "None",
    },
    ...(draft.cpu ? { "cpu-config": draft.cpu } : {}),
    drives: draft.drives.map(({ socket: _socket, path_on_host = "", rate_limiter = {}, ...drive }) => ({
      ...drive,
      path_on_host,
      rate_limiter: limiter(rate_limiter),
    })),
    "network-interfaces": draft.interfaces.map(({ rx_rate_limiter = {}, tx_rate_limiter = {}, ...card }) => ({
      ...card,
      rx_rate_limiter: limiter(rx_rate_limiter),
      tx_rate_limiter: limiter(tx_rate_limiter),
    })),
    ...(vsock ? { vsock: { guest_cid: vsock.guest_cid, uds_path: vsock.uds_path } } : {}),
    ...(draft.balloon ? { balloon: draft.balloon } : {}),
    ...(draft.entropy ? { entropy: { rate_limiter: limiter(draft.entropy.rate_limiter ?? {}) } } : {}),
    ...(draft.mmds ? { "mmds-config": draft.mmds } : {}),
    volt: {
      id,
      own_initramfs: false,
      ...(serial ? { console_output: consoleOutput(serial) } : {}),
      mmds_size_limit: draft.metadataLimit,
      sandbox: { allow_paths: [...allowedPaths] },
    },
  };
}

/** `GET /machine-config`. */
export function machineConfigJson({ machine }: Draft): Readonly<Record<string, unknown>> {
  const { vcpu_count, mem_size_mib, smt = false, track_dirty_pages = false, huge_pages = "None" } = machine;
  const template = machine.cpu_template === undefined ? {} : { cpu_template: machine.cpu_template };
  return { vcpu_count, mem_size_mib, smt, ...template, track_dirty_pages, huge_pages };
}

/** `GET /vm/config`: every key, null where there is nothing. */
export function vmConfigJson(draft: Draft): Readonly<Record<string, unknown>> {
  const { boot, balloon, vsock, entropy, mmds } = draft;
  return {
    balloon: balloon ?? null,
    drives: draft.drives.map((drive) => ({
      drive_id: drive.drive_id,
      partuuid: drive.partuuid ?? null,
      is_root_device: drive.is_root_device,
      cache_type: drive.cache_type,
      is_read_only: drive.is_read_only,
      path_on_host: drive.path_on_host ?? null,
      rate_limiter: limiterJson(drive.rate_limiter),
      io_engine: drive.io_engine,
      socket: drive.socket ?? null,
    })),
    "boot-source": {
      kernel_image_path: boot?.kernel_image_path ?? "",
      initrd_path: boot?.initrd_path ?? null,
      boot_args: boot?.boot_args ?? null,
    },
    "cpu-config": null,
    logger: null,
    "machine-config": machineConfigJson(draft),
    metrics: null,
    "mmds-config": mmds ?? null,
    "network-interfaces": draft.interfaces.map((card) => ({
      iface_id: card.iface_id,
      host_dev_name: card.host_dev_name,
      guest_mac: card.guest_mac ?? null,
      mtu: card.mtu ?? null,
      rx_rate_limiter: limiterJson(card.rx_rate_limiter),
      tx_rate_limiter: limiterJson(card.tx_rate_limiter),
    })),
    vsock: vsock ? { guest_cid: vsock.guest_cid, uds_path: vsock.uds_path } : null,
    entropy: entropy ? { rate_limiter: limiterJson(entropy.rate_limiter) } : null,
    pmem: [],
    "memory-hotplug": null,
  };
}

/** A draft that was started, with what was changed since. */
export function liveDraft(draft: Draft, control: MachineControl): Draft {
  return {
    ...draft,
    drives: draft.drives.map((drive) => {
      const { path, limits } = control.disk(drive.drive_id);
      return { ...drive, path_on_host: path, rate_limiter: limits };
    }),
    interfaces: draft.interfaces.map((card) => {
      const { receive, transmit } = control.networkInterface(card.iface_id).limits;
      return { ...card, rx_rate_limiter: receive, tx_rate_limiter: transmit };
    }),
    balloon: draft.balloon && { ...draft.balloon, ...balloonNow(control) },
    entropy: draft.entropy && { rate_limiter: control.entropy().limits },
  };
}

function consoleOutput({ serial_out_path: path, rate_limiter }: Serial) {
  return { ...(path === undefined ? {} : { path }), ...(rate_limiter ? { limit: bucket(rate_limiter) } : {}) };
}

/** Two spellings of one thing: volt's has no null, and no field that says nothing. */
function limiter(
  limits: NonNullable<Limiter>,
): NonNullable<NonNullable<VmConfigInput["drives"]>[number]["rate_limiter"]> {
  return {
    ...(limits.bandwidth ? { bandwidth: bucket(limits.bandwidth) } : {}),
    ...(limits.ops ? { ops: bucket(limits.ops) } : {}),
  };
}

function bucket({ size, refill_time, one_time_burst = 0 }: NonNullable<NonNullable<Limiter>["ops"]>) {
  return { size, refill_time, one_time_burst };
}

function limiterJson(limits: Limiter): unknown {
  if (!limits?.bandwidth && !limits?.ops) return null;
  const bucket = (b: NonNullable<Limiter>["ops"]) =>
    b ? { size: b.size, one_time_burst: b.one_time_burst || null, refill_time: b.refill_time } : null;
  return { bandwidth: bucket(limits.bandwidth), ops: bucket(limits.ops) };
}
