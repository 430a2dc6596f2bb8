import { expect, test } from "bun:test";
import { countInterrupts } from "./interrupt-counter.ts";
import { SmpGuest } from "./smp-guest.ts";

const SERIAL = 4;

test("an interrupt line wakes a halted vCPU each time it is raised, and no other line does", async () => {
  await using guest = new SmpGuest(countInterrupts(SERIAL), 1);
  expect(await guest.reaches(0, 1)).toBe(true);

  for (let times = 1; times <= 20; times++) {
    guest.line(SERIAL + 1).raise();
    guest.line(SERIAL).raise();
    expect(await guest.reaches(0, 1 + times)).toBe(true);
  }
  await Bun.sleep(10);
  expect(guest.counter(0)).toBe(21);
});

test("an interrupt is not lost where another thread has raised the line and not yet done with it", async () => {
  await using guest = new SmpGuest(countInterrupts(SERIAL), 1);
  expect(await guest.reaches(0, 1)).toBe(true);

  guest.setLine(SERIAL, 1);
  expect(await guest.reaches(0, 2)).toBe(true);
  guest.line(SERIAL).raise();
  expect(await guest.reaches(0, 3)).toBe(true);
});
