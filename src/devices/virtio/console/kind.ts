import { isTerminal, windowSize } from "../../../../ffi/terminal.ts";
import { awaitsReader } from "../../../config/user-land.ts";
import type { DeviceKind } from "../kind.ts";
import type { TerminalSize } from "./config.ts";
import { ConsoleDevice } from "./device.ts";
import { CONSOLE, STDIO_PORTS, takesPipes } from "./stdio.ts";

/** What stdin and stdout are, which only the first stage may ask without harm. */
interface OpenedConsole {
  readonly size: TerminalSize;
  /** volt's own guest init carries the command's bytes through ports of their own. */
  readonly hasStdio: boolean;
}

const STDIN = 0;
const STDOUT = 1;

export const console: DeviceKind<OpenedConsole> = {
  name: CONSOLE,
  modules: ["virtio_console"],
  open(config) {
    const isOnTerminal = (isTerminal(STDIN) && isTerminal(STDOUT)) || awaitsReader(config);
    return {
      size: windowSize(STDIN) ?? windowSize(STDOUT) ?? { columns: 0, rows: 0 },
      hasStdio: !isOnTerminal && takesPipes(config),
    };
  },
  create(_, { size, hasStdio }) {
    const { input, output } = STDIO_PORTS;
    const ports = [
      { name: input, receives: true },
      { name: output, receives: false },
    ];
    return [new ConsoleDevice(size, hasStdio ? ports : [])];
  },
};
