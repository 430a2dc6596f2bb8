/** What of a kernel's configuration volt's devices and flags need. */
import type { VmConfig } from "../../config/schema.ts";
import type { KernelConfig } from "../config-file.ts";

export interface Requirement {
  /** Without CONFIG_. */
  readonly option: string;
  /** The module it is where it is not built in. */
  readonly module?: string;
  /** The device or flag that needs it. */
  readonly by: string;
  /** What a guest without it lacks. */
  readonly without: string;
  /** Whether the VM doesn't work without it, or lacks something. */
  readonly weight: "needed" | "useful";
  readonly applies: (vm: VmConfig, acpi: boolean) => boolean;
  /** Asked for only where this option is on. */
  readonly where?: string;
  /** Its word in `volt kernel ls`. */
  readonly feature?: string;
}

const always = () => true;
const ownInitramfs = (vm: VmConfig) => vm["boot-source"].initrd_path === undefined;
const withAcpi = (_: VmConfig, acpi: boolean) => acpi;
const withoutAcpi = (_: VmConfig, acpi: boolean) => !acpi;
const hasVirtioConsole = (vm: VmConfig) => vm.volt.console === "virtio";
const hasVirtio = (vm: VmConfig) =>
  vm.drives.length + vm["network-interfaces"].length > 0 ||
  hasVirtioConsole(vm) ||
  [vm.vsock, vm.balloon, vm.entropy].some(Boolean);

export const REQUIREMENTS: readonly Requirement[] = [
  { option: "64BIT", by: "volt", without: "no 64-bit guest", weight: "needed", applies: always },
  {
    ...{ option: "SMP", by: "--cpus", feature: "smp", without: "one processor only", weight: "needed" },
    applies: (vm) => vm["machine-config"].vcpu_count > 1,
  },
  {
    option: "KVM_GUEST",
    by: "volt",
    feature: "kvm-clock",
    without: "no kvm-clock: time drifts",
    weight: "useful",
    applies: always,
  },
  {
    option: "PVH",
    by: "--boot-protocol pvh",
    feature: "pvh",
    without: "no PVH entry",
    weight: "needed",
    applies: (vm) => vm.volt.boot_protocol === "pvh",
  },
  {
    option: "ACPI",
    by: "volt",
    feature: "acpi",
    without: "no power button, no power-off, virtio devices by the command line only",
    weight: "useful",
    applies: withAcpi,
  },
  {
    option: "PCI",
    where: "ACPI",
    by: "ACPI",
    without: "Linux 6.1 then does not take the ACPI tables: no power-off, and no interrupt for the console",
    weight: "needed",
    applies: withAcpi,
  },
  {
    option: "SERIAL_8250_PNP",
    where: "ACPI",
    by: "--console serial",
    without: "the console has no interrupt: only the kernel's own messages come out",
    weight: "needed",
    applies: (vm, acpi) => acpi && vm.volt.console === "serial",
  },
  {
    option: "X86_MPPARSE",
    by: "acpi=off",
    feature: "mp-table",
    without: "one processor, and the old interrupt controller",
    weight: "useful",
    applies: withoutAcpi,
  },
  {
    option: "BLK_DEV_INITRD",
    by: "--initrd and volt's own initramfs",
    feature: "initrd",
    without: "no initramfs is unpacked",
    weight: "needed",
    applies: (vm) => ownInitramfs(vm) || vm["boot-source"].initrd_path !== undefined,
  },
  { option: "DEVTMPFS", by: "volt's init", without: "an empty /dev", weight: "needed", applies: ownInitramfs },
  {
    option: "SERIAL_8250_CONSOLE",
    by: "--console serial",
    feature: "serial",
    without: "nothing on the console",
    weight: "needed",
    applies: (vm) => vm.volt.console === "serial",
  },
  {
    option: "SERIO_I8042",
    module: "i8042",
    by: "Ctrl-Alt-Del",
    without: "no Ctrl-Alt-Del",
    weight: "useful",
    applies: withoutAcpi,
  },
  {
    option: "ACPI_BUTTON",
    module: "button",
    by: "--stop-timeout",
    feature: "power-button",
    without: "no power button: a guest is not asked before it is ended",
    weight: "useful",
    applies: withAcpi,
  },
  {
    option: "INPUT_EVDEV",
    module: "evdev",
    by: "volt's init",
    without: "volt's init does not hear the power button",
    weight: "useful",
    applies: (vm, acpi) => acpi && ownInitramfs(vm),
  },
  {
    option: "PVPANIC_MMIO",
    module: "pvpanic-mmio",
    by: "exit status 124",
    feature: "pvpanic",
    without: "a panic looks like a reset",
    weight: "useful",
    applies: withAcpi,
  },
  {
    option: "X86_IOPL_IOPERM",
    by: "exit status",
    feature: "ioperm",
    without: "a command's exit status does not get out (without /dev/port)",
    weight: "useful",
    applies: ownInitramfs,
  },
  {
    option: "VIRTIO_MMIO",
    module: "virtio_mmio",
    by: "virtio devices",
    feature: "virtio-mmio",
    without: "no virtio device is found",
    weight: "needed",
    applies: hasVirtio,
  },
  {
    option: "VIRTIO_MMIO_CMDLINE_DEVICES",
    by: "acpi=off",
    feature: "virtio-cmdline",
    without: "no virtio device is found without ACPI",
    weight: "needed",
    applies: (vm, acpi) => hasVirtio(vm) && !acpi,
  },
  {
    option: "VIRTIO_CONSOLE",
    module: "virtio_console",
    by: "--console virtio",
    feature: "virtio-console",
    without: "nothing on the console",
    weight: "needed",
    applies: hasVirtioConsole,
  },
  {
    option: "VIRTIO_BLK",
    module: "virtio_blk",
    by: "--disk",
    feature: "virtio-blk",
    without: "no disk",
    weight: "needed",
    applies: (vm) => vm.drives.length > 0,
  },
  {
    option: "EXT4_FS",
    module: "ext4",
    by: "--disk with an ext4 image",
    feature: "ext4",
    without: "no ext4",
    weight: "useful",
    applies: (vm) => vm.drives.length > 0,
  },
  {
    option: "VIRTIO_NET",
    module: "virtio_net",
    by: "--net",
    feature: "virtio-net",
    without: "no network device",
    weight: "needed",
    applies: (vm) => vm["network-interfaces"].length > 0,
  },
  {
    option: "INET",
    by: "--net",
    without: "no TCP/IP",
    weight: "useful",
    applies: (vm) => vm["network-interfaces"].length > 0,
  },
  {
    option: "VIRTIO_VSOCKETS",
    module: "vmw_vsock_virtio_transport",
    by: "--vsock",
    feature: "vsock",
    without: "no vsock",
    weight: "needed",
    applies: (vm) => vm.vsock !== undefined,
  },
  {
    option: "VIRTIO_BALLOON",
    module: "virtio_balloon",
    by: "--balloon",
    feature: "balloon",
    without: "no balloon",
    weight: "needed",
    applies: (vm) => vm.balloon !== undefined,
  },
  {
    option: "PAGE_REPORTING",
    by: "--balloon",
    without: "freed memory does not go back to the host by itself",
    weight: "useful",
    applies: (vm) => vm.balloon?.free_page_reporting === true,
  },
  {
    option: "HW_RANDOM_VIRTIO",
    module: "virtio-rng",
    by: "--rng",
    feature: "rng",
    without: "no host randomness after the boot's seed",
    weight: "useful",
    applies: (vm) => vm.entropy !== undefined,
  },
  {
    option: "VMGENID",
    module: "vmgenid",
    by: "snapshots",
    feature: "vmgenid",
    without: "two guests of one snapshot draw the same random numbers",
    weight: "useful",
    applies: () => false,
  },
  {
    option: "PTP_1588_CLOCK_KVM",
    module: "ptp_kvm",
    by: "clock synchronisation",
    feature: "ptp-kvm",
    without: "no /dev/ptp0",
    weight: "useful",
    applies: () => false,
  },
];

/** The features of a kernel, built in or as modules. */
export function featuresOf(config: KernelConfig): string[] {
  return REQUIREMENTS.flatMap(({ option, feature }) => (feature !== undefined && config.has(option) ? [feature] : []));
}

/** An option that costs a boot more than it gives a guest of volt. */
export interface SlowOption {
  readonly option: string;
  readonly why: string;
  /** Not where this option is on. */
  readonly unless?: string;
  /** Milliseconds, and those of the whole boot: measured in the nested machine (docs/performance.md). */
  readonly ms?: { readonly cost: number; readonly boot: number };
  /** Where a word on the command line does. */
  readonly append?: string;
}

export const SLOW_OPTIONS: readonly SlowOption[] = [
  {
    option: "CRYPTO_MANAGER",
    unless: "CRYPTO_MANAGER_DISABLE_TESTS",
    why: "tests every cipher at every boot",
    ms: { cost: 800, boot: 11_800 },
    append: "cryptomgr.notests",
  },
  { option: "KASAN", why: "checks every access to memory" },
  { option: "KMSAN", why: "checks every access to memory" },
  { option: "UBSAN_SANITIZE_ALL", why: "checks arithmetic everywhere" },
  { option: "PROVE_LOCKING", why: "checks every lock" },
  { option: "DEBUG_PAGEALLOC_ENABLE_DEFAULT", why: "unmaps every page that is freed" },
  { option: "SLUB_DEBUG_ON", why: "checks every allocation" },
  { option: "DEBUG_OBJECTS", why: "tracks the life of kernel objects" },
  { option: "KCOV", why: "records what code runs" },
  { option: "FTRACE_STARTUP_TEST", why: "tests tracers during the boot" },
];
