import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Rtc } from "../../../../src/devices/rtc/rtc.ts";

/** A chip, its two ports, and a clock that the test moves. */
class Clock {
  readonly state: ArrayBuffer;
  readonly rtc: Rtc;
  now: number;

  constructor(time: string, guard = 0) {
    this.now = Date.parse(time);
    this.state = new ArrayBuffer(Rtc.STATE_BYTES + guard);
    Rtc.reset(this.state);
    this.rtc = new Rtc(this.state, () => this.now);
  }

  read(index: number): number {
    this.rtc.write(0, 1, index);
    return this.rtc.read(1, 1);
  }
  write(index: number, value: number): void {
    this.rtc.write(0, 1, index);
    this.rtc.write(1, 1, value);
  }

  /** mc146818_get_time, with the FADT's century. */
  linuxGetTime(): string {
    const seconds = this.read(0x00);
    if (this.read(0x0a) & 0x80) throw new Error("an update in progress");
    if (this.read(0x00) !== seconds) throw new Error("seconds changed under the reader");
    const registers = [seconds, ...[0x02, 0x04, 0x07, 0x08, 0x09, 0x32].map((index) => this.read(index))];
    const isBinary = (this.read(0x0b) & 0x04) !== 0;
    const values = registers.map((value) => (isBinary ? value : (value >> 4) * 10 + (value & 0x0f)));
    const [second, minute, hour, day, month, year, century] = values.map((value) => String(value).padStart(2, "0"));
    return `${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  }

  /** mc146818_set_time. */
  linuxSetTime(time: string): void {
    const [year, month, day, hour, minute, second] = time.match(/\d+/g)!.map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const control = this.read(0x0b);
    const code = (value: number) => (control & 0x04 ? value : Math.floor(value / 10) * 16 + (value % 10));
    this.write(0x0b, control | 0x80);
    const select = this.read(0x0a);
    this.write(0x0a, select | 0x70);
    const fields = [
      [0x09, year % 100],
      [0x08, month],
      [0x07, day],
      [0x04, hour],
      [0x02, minute],
      [0x00, second],
      [0x32, Math.floor(year / 100)],
    ] as const;
    for (const [index, value] of fields) this.write(index, code(value));
    this.write(0x0b, control);
    this.write(0x0a, select);
  }
}

describe("the real-time clock", () => {
  test("shows the host's time in UTC, as Linux reads it", () => {
    const clock = new Clock("2031-12-29T23:59:58.400Z");
    expect(clock.linuxGetTime()).toBe("2031-12-29T23:59:58Z");
    clock.now += 1_600;
    expect(clock.linuxGetTime()).toBe("2031-12-30T00:00:00Z");
  });

  test("is BCD and 24 hours at power-on, with a valid time and no update in progress", () => {
    const clock = new Clock("2026-02-28T13:45:59Z");
    expect([0x0a, 0x0b, 0x0c, 0x0d].map((index) => clock.read(index))).toEqual([0x26, 0x02, 0x00, 0x80]);
    expect([0x00, 0x02, 0x04, 0x06, 0x07, 0x08, 0x09, 0x32].map((index) => clock.read(index))).toEqual([
      0x59, 0x45, 0x13, 7, 0x28, 0x02, 0x26, 0x20,
    ]);
  });

  test("obeys binary and 12-hour mode", () => {
    const clock = new Clock("2026-02-28T13:45:59Z");
    clock.write(0x0b, 0x06);
    expect([clock.read(0x00), clock.read(0x04)]).toEqual([59, 13]);
    clock.write(0x0b, 0x04);
    expect(clock.read(0x04)).toBe(0x80 | 1);
    clock.write(0x0b, 0x00);
    expect(clock.read(0x04)).toBe(0x80 | 0x01);
    for (const [hour, shown] of [
      ["00", 0x12],
      ["11", 0x11],
      ["12", 0x92],
      ["23", 0x91],
    ] as const) {
      clock.now = Date.parse(`2026-02-28T${hour}:00:00Z`);
      expect(clock.read(0x04)).toBe(shown);
    }
  });

  test("takes the time that Linux sets, and goes on from there", () => {
    const clock = new Clock("2026-01-31T12:00:00.900Z");
    clock.linuxSetTime("1999-02-15 01:02:03");
    expect(clock.linuxGetTime()).toBe("1999-02-15T01:02:03Z");
    clock.now += 500;
    expect(clock.linuxGetTime()).toBe("1999-02-15T01:02:04Z");
    clock.now += 86_400_000;
    expect(clock.linuxGetTime()).toBe("1999-02-16T01:02:04Z");
  });

  test("takes it in binary and in 12-hour mode as well", () => {
    const clock = new Clock("2026-01-31T12:00:00Z");
    clock.write(0x0b, 0x06);
    clock.linuxSetTime("2040-10-20 21:22:23");
    expect(clock.linuxGetTime()).toBe("2040-10-20T21:22:23Z");
    for (const [shown, hour] of [
      [0x12, 0x00],
      [0x11, 0x11],
      [0x92, 0x12],
      [0x91, 0x23],
    ] as const) {
      clock.write(0x0b, 0x80);
      clock.write(0x04, shown);
      clock.write(0x0b, 0x00);
      expect(clock.read(0x04)).toBe(shown);
      clock.write(0x0b, 0x02);
      expect(clock.read(0x04)).toBe(hour);
    }
  });

  test("stands while it is being set", () => {
    const clock = new Clock("2026-01-31T12:00:00Z");
    clock.write(0x0b, 0x82);
    clock.now += 60_000;
    expect(clock.linuxGetTime()).toBe("2026-01-31T12:00:00Z");
  });

  test("a field set without SET takes effect at once", () => {
    const clock = new Clock("2026-01-31T12:00:00Z");
    clock.write(0x02, 0x30);
    expect(clock.linuxGetTime()).toBe("2026-01-31T12:30:00Z");
  });

  test("alarms and memory are stored, and the NMI bit of the index is no part of it", () => {
    const clock = new Clock("2026-01-31T12:00:00Z");
    for (const index of [0x01, 0x03, 0x05, 0x0e, 0x31, 0x33, 0x7f]) {
      clock.write(index | 0x80, index ^ 0xff);
      expect(clock.read(index)).toBe(index ^ 0xff);
    }
    expect(clock.linuxGetTime()).toBe("2026-01-31T12:00:00Z");
  });

  test("flags, validity and update in progress cannot be written", () => {
    const clock = new Clock("2026-01-31T12:00:00Z");
    for (const index of [0x0a, 0x0c, 0x0d]) clock.write(index, 0xff);
    expect([0x0a, 0x0c, 0x0d].map((index) => clock.read(index))).toEqual([0x7f, 0x00, 0x80]);
  });

  test("wider accesses act on the low byte, the rest of a read and the index port are all ones", () => {
    const { rtc } = new Clock("2026-01-31T12:00:00Z");
    rtc.write(0, 4, 0x1234_560d);
    expect([rtc.read(1, 1), rtc.read(1, 2), rtc.read(1, 4)]).toEqual([0x80, 0xff80, 0xffff_ff80]);
    expect([rtc.read(0, 1), rtc.read(0, 4)]).toEqual([0xff, 0xffff_ffff]);
  });

  test("every thread's object shows the same clock", () => {
    const clock = new Clock("2026-01-31T12:00:00Z");
    clock.linuxSetTime("2000-01-01 00:00:00");
    const other = new Rtc(clock.state, () => clock.now);
    other.write(0, 1, 0x32);
    expect(other.read(1, 1)).toBe(0x20);
    other.write(0, 1, 0x09);
    expect(clock.rtc.read(1, 1)).toBe(0x00);
  });

  test("whatever is written, values fit, memory around is untouched, and Linux can set the time right again", () => {
    const access = fc.tuple(fc.nat(1), fc.constantFrom(1, 2, 4), fc.option(fc.nat(0xffff_ffff)));
    fc.assert(
      fc.property(fc.array(access, { maxLength: 200 }), (accesses) => {
        const clock = new Clock("2026-01-31T12:00:00Z", 64);
        for (const [offset, size, value] of accesses) {
          clock.now += 777;
          if (value !== null) clock.rtc.write(offset, size, value);
          else {
            const got = clock.rtc.read(offset, size);
            expect(Number.isInteger(got) && got >= 0 && got < 256 ** size).toBe(true);
          }
        }
        expect(new Uint8Array(clock.state, Rtc.STATE_BYTES).every((byte) => byte === 0)).toBe(true);
        clock.write(0x0b, 0x02);
        clock.linuxSetTime("2026-03-01 10:20:30");
        expect(clock.linuxGetTime()).toBe("2026-03-01T10:20:30Z");
      }),
    );
  });

  test("every moment of four centuries is shown and taken alike, in every mode", () => {
    const moment = fc.date({ min: new Date("1900-01-01"), max: new Date("2299-12-31"), noInvalidDate: true });
    fc.assert(
      fc.property(moment, fc.constantFrom(0x02, 0x06), (date, modes) => {
        const wanted = `${date.toISOString().slice(0, 19)}Z`;
        const clock = new Clock("2026-01-31T12:00:00Z");
        clock.write(0x0b, modes);
        clock.linuxSetTime(wanted);
        expect(clock.linuxGetTime()).toBe(wanted);
        clock.now = date.getTime();
        const host = new Clock(wanted);
        host.write(0x0b, modes);
        expect(host.linuxGetTime()).toBe(wanted);
      }),
    );
  });
});
