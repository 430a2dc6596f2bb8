import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { I8042 } from "../../../../src/devices/i8042/i8042.ts";
import { Ctr, Status } from "../../../../src/devices/i8042/registers.ts";
import { Board, LinuxDriver } from "./linux-driver.ts";

const CTRL_ALT_DEL_SET_1 = [0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d];
const CTRL_ALT_DEL_SET_2 = [0x14, 0x11, 0xe0, 0x71, 0xe0, 0xf0, 0x71, 0xf0, 0x11, 0xf0, 0x14];

function withKeyboard(): LinuxDriver {
  const driver = new LinuxDriver();
  driver.probe();
  driver.enableKeyboard();
  driver.serveInterrupts();
  return driver;
}

describe("Linux's probes of the keyboard controller", () => {
  test("find it, and its self-test passed", () => {
    const driver = new LinuxDriver();
    expect([driver.probe(), driver.selftest(), driver.isTranslated]).toEqual([true, true, true]);
    expect(driver.board.status & Status.KEYLOCK).toBe(Status.KEYLOCK);
  });

  test("find no mouse after two commands", () => {
    const driver = new LinuxDriver();
    driver.probe();
    expect(driver.checkAux()).toEqual({ present: false, commands: 2 });
  });

  test("find the keyboard, set its lights and rate, and enable it", () => {
    const driver = withKeyboard();
    expect(driver.keyboard(0xf2)).toEqual([0xab, 0x41]);
    expect(driver.keyboard(0xf5)).toEqual([]);
    expect(driver.keyboard(0xed, 0)).toEqual([]);
    expect(driver.keyboard(0xf3, 0)).toEqual([]);
    expect(driver.keyboard(0xf4)).toEqual([]);
    expect(driver.keyboard(0xff)).toEqual([0xaa]);
  });
});

describe("the keyboard controller", () => {
  test("is never busy and never all ones, whatever was written", () => {
    const board = new Board();
    for (let byte = 0; byte < 0xf0; byte++) {
      board.command(byte);
      expect(board.status & 0x02).toBe(0);
      expect(board.status).not.toBe(0xff);
      board.write(byte);
      expect(board.status & 0x02).toBe(0);
    }
  });

  test("0xfe on the command port resets the machine, as does any pulse of line 0", () => {
    for (let byte = 0xf0; byte <= 0xff; byte++) {
      const board = new Board();
      board.command(byte);
      expect(board.events.ends).toEqual(byte & 1 ? [] : ["reset"]);
    }
  });

  test("the output port's reset line does too, its A20 line does not", () => {
    const board = new Board();
    board.command(0xd1);
    board.write(0x01);
    expect(board.events.ends).toEqual([]);
    board.command(0xd1);
    board.write(0xfe);
    expect(board.events.ends).toEqual(["reset"]);
  });

  test("answers its commands within the write", () => {
    const board = new Board();
    for (const [command, answer] of [
      [0x20, Ctr.KBDINT | Ctr.SYS | Ctr.AUXDIS | Ctr.XLATE],
      [0xaa, 0x55],
      [0xab, 0x00],
      [0xa9, 0x01],
      [0xc0, 0x80],
      [0xd0, 0x03],
    ] as const) {
      board.command(command);
      expect(board.status & Status.OBF).toBe(Status.OBF);
      expect(board.data).toBe(answer);
      expect(board.status & Status.OBF).toBe(0);
    }
  });

  test("keeps its control register, but for the mouse that is not there", () => {
    const board = new Board();
    board.command(0x60);
    board.write(Ctr.XLATE);
    board.command(0xa8);
    board.command(0x20);
    expect(board.data).toBe(Ctr.XLATE | Ctr.AUXDIS);
  });

  test("says by the status whether the last write was a command", () => {
    const board = new Board();
    board.command(0xad);
    expect(board.status & Status.CMDDAT).toBe(Status.CMDDAT);
    board.write(0xed);
    expect(board.status & Status.CMDDAT).toBe(0);
  });

  test("a byte for the mouse times out", () => {
    const board = new Board();
    board.command(0xd4);
    board.write(0xff);
    expect(board.status & (Status.OBF | Status.TIMEOUT)).toBe(Status.OBF | Status.TIMEOUT);
    expect(board.data).toBe(0xfe);
    expect(board.status & Status.TIMEOUT).toBe(0);
  });

  test("an unread answer gives way to the next, a keyboard's byte does not", () => {
    const board = new Board();
    board.write(0xee);
    board.command(0xaa);
    board.command(0xab);
    expect([board.data, board.data]).toEqual([0x00, 0xee]);
  });

  test("a keyboard that is off keeps its bytes until it is on", () => {
    const board = new Board();
    board.write(0xee);
    board.command(0xad);
    expect(board.status & Status.OBF).toBe(0);
    board.command(0xae);
    expect(board.data).toBe(0xee);
  });

  test("a byte for the keyboard turns its interface on", () => {
    const board = new Board();
    board.command(0xad);
    board.write(0xee);
    expect(board.data).toBe(0xee);
  });

  test("an interrupt comes for each byte, the next after the one before was read", () => {
    const board = new Board();
    board.write(0xf2);
    expect(board.interrupt.take()).toBe(1);
    expect([board.data, board.interrupt.take()]).toEqual([0xfa, 1]);
    expect([board.data, board.interrupt.take()]).toEqual([0xab, 1]);
    expect([board.data, board.interrupt.take()]).toEqual([0x41, 0]);
  });

  test("no interrupt comes while it is disabled; enabling it raises one for a byte that waits", () => {
    const board = new Board();
    board.command(0x60);
    board.write(Ctr.XLATE);
    board.write(0xee);
    expect(board.interrupt.raised).toBe(0);
    board.command(0x60);
    board.write(Ctr.XLATE | Ctr.KBDINT);
    expect(board.interrupt.raised).toBe(1);
  });

  test("wider accesses act on the low byte, and the rest of a read is all ones", () => {
    const { chip, events } = new Board();
    chip.dataPort.write(0, 4, 0xffff_ffee);
    expect(chip.dataPort.read(0, 2)).toBe(0xffee);
    expect(chip.commandPort.read(0, 4)).toBe(0xffff_ff14);
    chip.commandPort.write(0, 2, 0x01fe);
    expect(events.ends).toEqual(["reset"]);
  });

  test("every thread's object shows the same chip", () => {
    const board = new Board();
    const other = new I8042(board.state, board.interrupt, board.events);
    other.dataPort.write(0, 1, 0xee);
    expect(board.data).toBe(0xee);
  });
});

describe("the keyboard", () => {
  const answers = (board: Board, ...bytes: number[]) => {
    for (const byte of bytes) board.write(byte);
    const read: number[] = [];
    while (board.status & Status.OBF) read.push(board.data);
    return read;
  };

  test("answers its commands", () => {
    const board = new Board();
    expect(answers(board, 0xff)).toEqual([0xfa, 0xaa]);
    expect(answers(board, 0xee)).toEqual([0xee]);
    expect(answers(board, 0xf4)).toEqual([0xfa]);
    expect(answers(board, 0xf6)).toEqual([0xfa]);
    expect(answers(board, 0xed, 0x07)).toEqual([0xfa, 0xfa]);
    expect(answers(board, 0xf3, 0x20)).toEqual([0xfa, 0xfa]);
    expect(answers(board, 0x00)).toEqual([0xfe]);
  });

  test("sends its last byte again when asked to", () => {
    const board = new Board();
    answers(board, 0xff);
    expect(answers(board, 0xfe)).toEqual([0xaa]);
  });

  test("obeys a command that comes where an argument was awaited", () => {
    expect(answers(new Board(), 0xed, 0xff)).toEqual([0xfa, 0xaa]);
  });

  test("has scan code set 2 only", () => {
    const board = new Board();
    expect(answers(board, 0xf0, 0)).toEqual([0xfa, 0xfa, 0x41]);
    expect(answers(board, 0xf0, 2)).toEqual([0xfa, 0xfa]);
    expect(answers(board, 0xf0, 3)).toEqual([0xfa, 0xfe]);
  });

  test("says 0xab83 and set 2 to a guest that turned translation off", () => {
    const board = new Board();
    board.command(0x60);
    board.write(0);
    expect(answers(board, 0xf2)).toEqual([0xfa, 0xab, 0x83]);
    expect(answers(board, 0xf0, 0)).toEqual([0xfa, 0xfa, 0x02]);
  });

  test("Ctrl-Alt-Del reaches Linux as make and break codes, an interrupt a byte", () => {
    const driver = withKeyboard();
    expect(driver.board.chip.pressCtrlAltDel()).toBe(true);
    driver.serveInterrupts();
    expect(driver.received).toEqual(CTRL_ALT_DEL_SET_1);
  });

  test("Ctrl-Alt-Del untranslated is set 2", () => {
    const board = new Board();
    board.command(0x60);
    board.write(0);
    board.chip.pressCtrlAltDel();
    expect(Array.from(CTRL_ALT_DEL_SET_2, () => board.data)).toEqual(CTRL_ALT_DEL_SET_2);
  });

  test("Ctrl-Alt-Del to a guest that has turned the keyboard off says so", () => {
    const driver = withKeyboard();
    driver.keyboard(0xf5);
    expect(driver.board.chip.pressCtrlAltDel()).toBe(false);
    driver.keyboard(0xf4);
    expect(driver.board.chip.pressCtrlAltDel()).toBe(true);
  });

  test("Ctrl-Alt-Del to a guest that does not read is refused, never cut in half", () => {
    const board = new Board();
    const presses = Array.from({ length: 100 }, () => board.chip.pressCtrlAltDel());
    expect(presses.filter(Boolean).length).toBe(1);
    expect(Array.from({ length: 9 }, () => board.data)).toEqual([...CTRL_ALT_DEL_SET_1, 0]);
  });

  test("a guest that never reads finds 16 bytes at most, and a reset of the keyboard clears its own", () => {
    const board = new Board();
    for (let i = 0; i < 1000; i++) board.write(0xee);
    expect(answers(board, 0xff)).toEqual([0xfa, 0xaa]);
    for (let i = 0; i < 1000; i++) board.write(0xee);
    board.command(0x20);
    expect(answers(board).length).toBe(16);
  });
});

test("whatever is accessed, values fit, edges stay rare, memory around is untouched, and Linux finds the controller", () => {
  const access = fc.record({
    kind: fc.constantFrom("status", "data", "command", "write", "press"),
    size: fc.constantFrom(1, 2, 4),
    value: fc.oneof(fc.nat(0xff), fc.nat(0xffff_ffff)),
  });
  fc.assert(
    fc.property(fc.array(access, { maxLength: 300 }), (accesses) => {
      const guard = 64;
      const board = new Board(guard);
      const { commandPort, dataPort } = board.chip;
      for (const { kind, size, value } of accesses) {
        if (kind === "command") commandPort.write(0, size, value);
        else if (kind === "write") dataPort.write(0, size, value);
        else if (kind === "press") board.chip.pressCtrlAltDel();
        else {
          const got = (kind === "status" ? commandPort : dataPort).read(0, size);
          expect(Number.isInteger(got) && got >= 0 && got < 256 ** size).toBe(true);
        }
      }
      expect(board.interrupt.raised).toBeLessThanOrEqual(accesses.length);
      expect(new Uint8Array(board.state, I8042.STATE_BYTES, guard).every((byte) => byte === 0)).toBe(true);

      const driver = new LinuxDriver(board);
      expect([driver.probe(), driver.selftest()]).toEqual([true, true]);
      driver.enableKeyboard();
      driver.serveInterrupts();
      driver.keyboard(0xff);
      expect(driver.keyboard(0xf2)[0]).toBe(0xab);
    }),
  );
});
