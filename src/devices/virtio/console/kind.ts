import { isTerminal, windowSize } from "../../../../ffi/terminal.ts";
import type { DeviceKind } from "../kind.ts";
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

export const console: DeviceKind<OpenedConsole> = {
  name: "console",
  open(config) {
    const isOnTerminal = isTerminal(STDIN) && isTerminal(STDOUT);
    return {
      size: windowSize(STDIN) ?? windowSize(STDOUT) ?? { columns: 0, rows: 0 },
      hasStdio: config["boot-source"].initrd_path === undefined && !isOnTerminal,
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
