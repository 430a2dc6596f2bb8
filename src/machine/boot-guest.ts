/** Fills a new guest's memory: kernel, initrd, firmware tables, and what tells the kernel where they are. */
import { Fd } from "../../ffi/fd.ts";
import type { CpuidEntry } from "../../ffi/kvm/cpuid.ts";
import { acpiTables } from "../boot/acpi/tables.ts";
import { E820_TYPE, type E820Entry, e820Map, type Range } from "../boot/e820.ts";
import { BootError } from "../boot/error.ts";
import { fileSource } from "../boot/file-source.ts";
import { chooseProtocol, type KernelImage, parseKernel } from "../boot/kernel.ts";
import { type LoadMode, loadKernel, placeInitrd } from "../boot/load.ts";
import type { WantedModules } from "../boot/modules.ts";
import { mpTable } from "../boot/mp-table.ts";
import { pvhStartInfo } from "../boot/pvh.ts";
import { ELF_COMMAND_LINE_MAX, rngSeedSetupData, zeroPage } from "../boot/zero-page.ts";
import { type EntryState, linuxEntry, pvhEntry } from "../cpu/modes.ts";
import type { GuestMemory } from "../memory/guest.ts";
import { commandLine } from "./command-line.ts";
import { defaultInitramfs } from "./initramfs.ts";
import { LOW_MEMORY, type VirtioWindow } from "./layout.ts";
import type { Plan } from "./plan.ts";
import { acpiPlatform, mpPlatform } from "./platform.ts";
import { userLand } from "./user-land.ts";

/** Linux mixes 32 bytes into its generator; the same seed never goes to two guests. */
const RNG_SEED_BYTES = 32;

/** A guest ready to be entered, and what the log says about it. */
export interface LoadedGuest {
  readonly entry: EntryState;
  readonly kernel: Range;
  readonly initrd: Range | undefined;
  readonly commandLine: string;
  /** Which entry was picked, and why. */
  readonly why: string;
  readonly mode: LoadMode;
}

/**
 * @param features CPUID leaf 1 as the guest sees it, which the MP table repeats
 * @param virtio where the virtio devices are
 * @param modules what drives them in a guest of volt's own initramfs
 * @throws BootError
 */
export function bootGuest(
  plan: Plan,
  memory: GuestMemory,
  features: CpuidEntry,
  virtio: readonly VirtioWindow[],
  modules: WantedModules,
): LoadedGuest {
  const { name, size } = plan.kernel;
  const file = new Fd(plan.kernel.fd, name);
  const image = parseKernel(fileSource(file, name, size), { lowest: LOW_MEMORY.highMemory, highest: memory.lowEnd });
  const start = chooseProtocol(image, plan.config.volt.boot_protocol);
  const mode = loadMode(plan);
  const kernel = loadKernel(memory, image, file, mode);
  const initrd = loadInitrd(plan, memory, image, kernel, modules);
  const text = writeCommandLine(plan, memory, image, virtio);
  const cpus = plan.config["machine-config"].vcpu_count;
  const rsdpAddress = writeTables(memory, cpus, features, virtio);

  const told = { commandLineAddress: LOW_MEMORY.commandLine, initrd, rsdpAddress };
  const memoryMap = guestMemoryMap(memory);
  const { gdt, pageTables, zeroPage: zeroPageAddress, pvhStartInfo: address } = LOW_MEMORY;
  let entry: EntryState;
  if (start.protocol === "pvh") {
    memory.write(address, pvhStartInfo({ address, memoryMap, ...told }));
    entry = pvhEntry(start.entry, address, { gdt, pageTables });
  } else {
    const seed = crypto.getRandomValues(new Uint8Array(RNG_SEED_BYTES));
    memory.write(LOW_MEMORY.setupData, rngSeedSetupData(seed));
    const setupHeader = image.format === "bzimage" ? image.setupHeader : undefined;
    const params = { setupHeader, e820: memoryMap, setupDataAddress: LOW_MEMORY.setupData, ...told };
    memory.write(zeroPageAddress, zeroPage(params));
    entry = linuxEntry(start.entry, zeroPageAddress, { gdt, pageTables });
  }
  for (const table of entry.tables) memory.write(table.address, table.bytes);
  return { entry, kernel, initrd, commandLine: text, why: start.why, mode };
}

/** Pages of a user's file are never mapped: one that is cut short while the guest runs would kill volt (SIGBUS). */
function loadMode(plan: Plan): LoadMode {
  const { load } = plan.config.volt;
  const canMap = plan.kernel.mappable && plan.config["machine-config"].huge_pages === "None";
  if (load === "map" && !canMap) {
    throw new BootError(
      plan.kernel.name,
      "only a kernel of the store, without --hugepages, can be mapped",
      "use --load copy",
    );
  }
  return load === "map" ? "map" : "copy";
}

function loadInitrd(
  plan: Plan,
  memory: GuestMemory,
  image: KernelImage,
  kernel: Range,
  modules: WantedModules,
): Range | undefined {
  if (plan.initrd) {
    const { fd, name, size } = plan.initrd;
    const range = placeInitrd(name, size, memory, image, kernel);
    memory.load(range.address, new Fd(fd, name), 0, size);
    return range;
  }
  const land = userLand(plan);
  if (!land.hasOwnInit) return undefined;
  const archives = defaultInitramfs(plan, land, modules);
  const size = archives.reduce((sum, archive) => sum + archive.length, 0);
  const range = placeInitrd("volt's initramfs", size, memory, image, kernel);
  let at = range.address;
  for (const archive of archives) {
    memory.write(at, archive);
    at += archive.length;
  }
  return range;
}

function writeCommandLine(
  plan: Plan,
  memory: GuestMemory,
  image: KernelImage,
  virtio: readonly VirtioWindow[],
): string {
  const text = commandLine(plan.config, virtio);
  const most = Math.min(
    image.format === "bzimage" ? image.commandLineMax : ELF_COMMAND_LINE_MAX,
    LOW_MEMORY.commandLineSize - 1,
  );
  if (text.length > most) {
    const problem = `the command line has ${text.length} bytes, this kernel takes ${most}`;
    throw new BootError(plan.kernel.name, problem, "shorten --cmdline or --append");
  }
  memory.write(LOW_MEMORY.commandLine, Buffer.from(`${text}\0`, "latin1"));
  return text;
}

/** ACPI for guests that use it, the MP table for those with acpi=off. @returns where the RSDP is */
function writeTables(memory: GuestMemory, cpus: number, features: CpuidEntry, virtio: readonly VirtioWindow[]): number {
  const acpi = acpiTables(acpiPlatform(cpus, virtio));
  for (const { address, bytes } of acpi.areas) memory.write(address, bytes);
  memory.write(LOW_MEMORY.mpTable, mpTable(mpPlatform(cpus, features)));
  return acpi.rsdpAddress;
}

function guestMemoryMap(memory: GuestMemory): E820Entry[] {
  const { mpTable: address, highMemory } = LOW_MEMORY;
  const firmware = { address, size: highMemory - address, type: E820_TYPE.RESERVED };
  return e820Map({ ram: memory.regions, reserved: [firmware] });
}
