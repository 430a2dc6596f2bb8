/** Terminals: raw mode and back, and the window's size. */
import { blob, get, layout, pack, put, u8, u16, u32 } from "./abi.ts";
import { check } from "./error.ts";
import { libc } from "./libc.ts";

/** The kernel's own (TCGETS), not glibc's larger one. */
export const TERMIOS = layout("struct termios", "asm/termbits.h", 36, {
  c_iflag: u32(0),
  c_oflag: u32(4),
  c_cflag: u32(8),
  c_lflag: u32(12),
  c_line: u8(16),
  c_cc: blob(17, 19),
});
export const WINSIZE = layout("struct winsize", "asm/termios.h", 8, { ws_row: u16(0), ws_col: u16(2) });

const TCGETS = 0x5401;
const TCSETS = 0x5402;
const TIOCGWINSZ = 0x5413;

/** Every request this module makes. */
export const TERMINAL_REQUESTS = { TCGETS, TCSETS, TIOCGWINSZ } as const;

const IFLAG = {
  IGNBRK: 0o1,
  BRKINT: 0o2,
  PARMRK: 0o10,
  ISTRIP: 0o40,
  INLCR: 0o100,
  IGNCR: 0o200,
  ICRNL: 0o400,
  IXON: 0o2000,
};
const LFLAG = { ISIG: 0o1, ICANON: 0o2, ECHO: 0o10, ECHONL: 0o100, IEXTEN: 0o100000 };
const OPOST = 1;
const CFLAG = { CSIZE: 0o60, CS8: 0o60, PARENB: 0o400 };
const VTIME = 5;
const VMIN = 6;

/** A terminal's settings, to be given back to `restore`. */
export type TerminalSettings = Uint8Array;

export function isTerminal(fd: number): boolean {
  return libc.ioctl(fd, TCGETS, new Uint8Array(TERMIOS.size)) === 0;
}

/** Every byte through, at once and unchanged, as cfmakeraw(3) does. @returns what it was before */
export function makeRaw(fd: number): TerminalSettings {
  const before = new Uint8Array(TERMIOS.size);
  check(libc.ioctl(fd, TCGETS, before), "ioctl(TCGETS)", "the terminal");
  const raw = before.slice();
  const F = TERMIOS.fields;
  const clear = (field: typeof F.c_iflag, bits: Record<string, number>) => {
    const all = Object.values(bits).reduce((sum, bit) => sum | bit, 0);
    put(raw, field, (get(raw, field) & ~all) >>> 0);
  };
  clear(F.c_iflag, IFLAG);
  clear(F.c_oflag, { OPOST });
  clear(F.c_lflag, LFLAG);
  put(raw, F.c_cflag, ((get(raw, F.c_cflag) & ~(CFLAG.CSIZE | CFLAG.PARENB)) | CFLAG.CS8) >>> 0);
  raw[F.c_cc.offset + VMIN] = 1;
  raw[F.c_cc.offset + VTIME] = 0;
  restore(fd, raw);
  return before;
}

/** Puts settings back; a terminal that is gone is no error. */
export function restore(fd: number, settings: TerminalSettings): void {
  libc.ioctl(fd, TCSETS, settings);
}

/** Rows and columns, or undefined where it is no terminal or does not know. */
export function windowSize(fd: number): { rows: number; columns: number } | undefined {
  const size = pack(WINSIZE);
  if (libc.ioctl(fd, TIOCGWINSZ, size) !== 0) return undefined;
  const rows = get(size, WINSIZE.fields.ws_row);
  const columns = get(size, WINSIZE.fields.ws_col);
  return rows && columns ? { rows, columns } : undefined;
}
