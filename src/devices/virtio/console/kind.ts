import { isTerminal, windowSize } from "../../../../ffi/terminal.ts";
import type { VmConfig } from "../../../config/schema.ts";
import type { DeviceKind, OpenedDevices } from "../kind.ts";
import type { TerminalSize } from "./config.ts";
import { ConsoleDevice } from "./device.ts";

/** What stdin and stdout are, which only the first stage may ask without harm. */
interface OpenedConsole {
  readonly size: TerminalSize;
  /** volt's own guest init carries the command's bytes through ports of their own. */
  readonly hasStdio: boolean;
}

/** By these names volt's guest init finds what is piped into and out of its command. */
export const STDIO_PORTS = { input: "volt.stdin", output: "volt.stdout" } as const;

const STDIN = 0;
const STDOUT = 1;

const NAME = "console";

export const console: DeviceKind<OpenedConsole> = {
  name: NAME,
  modules: ["virtio_console"],
  open(config) {
    const isOnTerminal = isTerminal(STDIN) && isTerminal(STDOUT);
    return {
      size: windowSize(STDIN) ?? windowSize(STDOUT) ?? { columns: 0, rows: 0 },
      hasStdio: !isOnTerminal && takesPipes(config),
    };
  },
  create({ volt }, { size, hasStdio }) {
    if (volt.console !== "virtio") return [];
    const { input, output } = STDIO_PORTS;
    const ports = [
      { name: input, receives: true },
      { name: output, receives: false },
    ];
    return [new ConsoleDevice(size, hasStdio ? ports : [])];
  },
};

/** Whether volt's own init runs what stdin and stdout are for, and has this device to reach them. */
export function takesPipes({ "boot-source": { initrd_path }, drives, volt }: VmConfig): boolean {
  const hasRootDisk = drives.some(({ is_root_device }) => is_root_device);
  const ownInitStays = initrd_path === undefined && (!hasRootDisk || volt.command !== undefined);
  return volt.console === "virtio" && ownInitStays;
}

/** Whether volt's own init finds the ports. @param opened what the kinds opened */
export function hasStdioPorts(opened: OpenedDevices): boolean {
  return (opened[NAME] as OpenedConsole).hasStdio;
}
