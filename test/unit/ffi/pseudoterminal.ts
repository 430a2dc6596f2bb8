/** A pseudoterminal pair: what is written to the controller is typed on the terminal. See pty(7). */
import { get, pack, u32 } from "../../../ffi/abi.ts";
import { check } from "../../../ffi/error.ts";
import { Fd, O } from "../../../ffi/fd.ts";
import { libc } from "../../../ffi/libc.ts";
import { WINSIZE } from "../../../ffi/terminal.ts";

const O_NOCTTY = 0o400;
const TIOCGPTN = 0x8004_5430;
const TIOCSPTLCK = 0x4004_5431;
const TIOCSWINSZ = 0x5414;

export interface PseudoTerminal extends Disposable {
  readonly controller: Fd;
  readonly terminal: Fd;
  resize(rows: number, columns: number): void;
}

export function openTerminal(): PseudoTerminal {
  const controller = Fd.open("/dev/ptmx", O.RDWR | O_NOCTTY);
  const number = new Uint8Array(4);
  const call = (request: number, argument: Uint8Array) =>
    check(libc.ioctl(controller.number, request, argument), "ioctl", "the pseudoterminal");
  call(TIOCSPTLCK, new Uint8Array(4));
  call(TIOCGPTN, number);
  const terminal = Fd.open(`/dev/pts/${get(number, u32(0))}`, O.RDWR | O_NOCTTY);
  return {
    controller,
    terminal,
    resize: (rows, columns) => void call(TIOCSWINSZ, pack(WINSIZE, { ws_row: rows, ws_col: columns })),
    [Symbol.dispose]() {
      terminal.close();
      controller.close();
    },
  };
}
