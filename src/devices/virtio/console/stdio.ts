/** The ports by which volt's own guest init reaches what is piped into and out of its command. */
import type { VmConfig } from "../../../config/schema.ts";
import { allowsOwnInit, keepsOwnInit } from "../../../config/user-land.ts";
import type { OpenedDevices } from "../kind.ts";

export const CONSOLE = "console";

/** By these names volt's guest init finds what is piped into and out of its command. */
export const STDIO_PORTS = { input: "volt.stdin", output: "volt.stdout" } as const;

/** Whether volt's own init runs what stdin and stdout are for, and has this device to reach them. */
export function takesPipes(config: VmConfig): boolean {
  return config.volt.console === "virtio" && allowsOwnInit(config) && keepsOwnInit(config);
}

/** Whether volt's own init finds the ports. @param opened what the kinds opened */
export function hasStdioPorts(opened: OpenedDevices): boolean {
  const console = opened[CONSOLE] as { readonly hasStdio: boolean } | undefined;
  return console?.hasStdio ?? false;
}
