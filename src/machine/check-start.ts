/** What can be known of a start before anything is opened for good: who starts by API may mend it and try again. */
import { fileSource } from "../boot/file-source.ts";
import { chooseProtocol, parseKernel } from "../boot/kernel.ts";
import type { VmConfig } from "../config/schema.ts";
import { openInput } from "../host/open-file.ts";
import type { FoundKernel } from "../kernels/store.ts";
import { GuestMemory } from "../memory/guest.ts";
import { MIB } from "../memory/regions.ts";
import { LOW_MEMORY } from "./layout.ts";

/** Leaves nothing behind. @throws ConfigError, BootError, SystemError: memory that can't be had, a kernel that is none */
export function checkStart(config: VmConfig, { path }: FoundKernel): void {
  const { mem_size_mib, huge_pages } = config["machine-config"];
  using memory = GuestMemory.create(mem_size_mib * MIB, huge_pages === "2M" ? "hugepages" : "normal");
  const { fd, size } = openInput(path, "boot-source.kernel_image_path");
  using file = fd;
  const image = parseKernel(fileSource(file, path, size), { lowest: LOW_MEMORY.highMemory, highest: memory.lowEnd });
  chooseProtocol(image, config.volt.boot_protocol);
}
