/** The ports by which volt's own guest init reaches what is piped into and out of its command. */
import type { VmConfig } from "../../../config/schema.ts";
import type { OpenedDevices } from "../kind.ts";

export const CONSOLE = "console";

/** By these names volt's guest init finds what is piped into and out of its command. */
export const STDIO_PORTS = { input: "volt.stdin", output: "volt.stdout" } as const;

/** Whether volt's own init runs what stdin and stdout are for, and has this device to reach them. */
export function takesPipes({ "boot-source": { initrd_path }, drives, volt }: VmConfig): boolean {
  const hasRootDisk = drives.some(({ is_root_device }) => is_root_device);
  const ownInitStays = initrd_path === undefined && (!hasRootDisk || volt.command !== undefined);
  return volt.console === "virtio" && ownInitStays;
}

/** Whether volt's own init finds the ports. @param opened what the kinds opened */
export function hasStdioPorts(opened: OpenedDevices): boolean {
  const console = opened[CONSOLE] as { readonly hasStdio: boolean } | undefined;
  return console?.hasStdio ?? false;
}
