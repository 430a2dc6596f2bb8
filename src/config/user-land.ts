/** What the configuration alone says of the guest's first process. */
import type { VmConfig } from "./schema.ts";

/** The root disk is the guest's first, wherever it was given. */
export const ROOT_DEVICE = "/dev/vda";

export function rootDisk({ drives }: VmConfig): VmConfig["drives"][number] | undefined {
  return drives.find(({ is_root_device }) => is_root_device);
}

/** Whether volt's own init may start the guest: nobody gave another initrd, or wants none. */
export function allowsOwnInit({ "boot-source": { initrd_path }, volt }: VmConfig): boolean {
  return initrd_path === undefined && volt.own_initramfs !== false;
}

/** Whether that init then stays, to run the command or the shell: without a command a root disk's own takes over. */
export function keepsOwnInit(config: VmConfig): boolean {
  return rootDisk(config) === undefined || config.volt.command !== undefined;
}

/** Whether the guest's console is a terminal for somebody who is not there yet: the shell of a VM that runs detached. */
export function awaitsReader({ volt }: VmConfig): boolean {
  return volt.detached === true && volt.command === undefined;
}
