/** All vCPUs stand still, and go on, wherever they are; and nothing is lost. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { EMULATED, times } from "../../support/emulated.ts";
import { COUNTERS, SmpGuest } from "./smp-guest.ts";
import { COUNTER_PORT } from "./smp-worker.ts";

setDefaultTimeout(120_000);

const PAUSES = times(1000);
const EVENTS = times(100_000);

const COUNT = `inc dword ptr [${COUNTERS} + ebx * 4]`;
const ENABLE_X2APIC = `
  mov ecx, 0x1b
  rdmsr
  or eax, 0xc00
  wrmsr
  mov ecx, 0x80f
  mov eax, 0x1ff
  xor edx, edx
  wrmsr`;
const VECTOR = 0x40;
/** The handler acknowledges the interrupt and counts it, in the word of the vCPU that takes it. */
const TAKE_INTERRUPTS = `
  mov word ptr [${VECTOR * 4}], offset taken
  mov word ptr [${VECTOR * 4 + 2}], 0
  sti
  jmp begin
taken:
  ${COUNT}
  mov ecx, 0x80b
  xor eax, eax
  xor edx, edx
  wrmsr
  iret
begin:`;

const SPIN = `spin: ${COUNT}; jmp spin`;
const PORTS = `again: mov dx, ${COUNTER_PORT}; in al, dx; ${COUNT}; jmp again`;
const HALT = `${ENABLE_X2APIC}; ${TAKE_INTERRUPTS}; asleep: hlt; jmp asleep`;

describe("paused vCPUs stand still until they are told to go on:", () => {
  test.each([
    ["in a guest that spins", SPIN],
    ["in a guest that is in and out of port exits", PORTS],
  ])("%s", async (_, code) => {
    await using guest = await SmpGuest.started(code, 2);
    for (let i = 0; i < PAUSES; i++) {
      guest.pause.pause();
      expect(guest.pause.isPaused).toBe(true);
      const before = [guest.counter(0), guest.counter(1)];
      // A vCPU that still ran would count thousands meanwhile.
      if (i % 50 === 0) await Bun.sleep(2);
      expect([guest.counter(0), guest.counter(1)]).toEqual(before);
      guest.pause.resume();
      if (i % 50 === 0) {
        expect(await guest.reaches(0, before[0]! + 1)).toBe(true);
        expect(await guest.reaches(1, before[1]! + 1)).toBe(true);
      }
    }
  });

  test("halted, as many as there may be", async () => {
    await using guest = await SmpGuest.started(HALT, EMULATED ? 8 : 32);
    for (let i = 0; i < PAUSES; i++) {
      guest.pause.pause();
      guest.pause.resume();
    }
    guest.pause.pause();
    expect(guest.pause.isPaused).toBe(true);
  });
});

test("a pause before the first instruction holds the guest back, and a second one changes nothing", async () => {
  await using guest = new SmpGuest(SPIN, 1);
  guest.pause.pause();
  const before = guest.counter(0);
  guest.pause.pause();
  await Bun.sleep(5);
  expect(guest.counter(0)).toBe(before);
  guest.pause.resume();
  guest.pause.resume();
  expect(await guest.reaches(0, before + 1)).toBe(true);
});

test("a machine can end while it is paused", async () => {
  await using guest = await SmpGuest.started(SPIN, 2);
  guest.pause.pause();
});

describe(`none of ${EVENTS} is lost across pauses:`, () => {
  test("messages between processors, each sent when the last one was taken", async () => {
    // vCPU 0 sends to vCPU 1, waits for its count to move, and counts itself.
    const code = `
      ${ENABLE_X2APIC}
      ${TAKE_INTERRUPTS}
      cmp bx, 0
      je sender
    receiver:
      hlt
      jmp receiver
    sender:
      cmp dword ptr [${COUNTERS + 8}], 1
      jne sender
    send:
      mov esi, [${COUNTERS + 4}]
      mov ecx, 0x830
      mov eax, ${VECTOR}
      mov edx, 1
      wrmsr
    wait_for_it:
      pause
      cmp esi, [${COUNTERS + 4}]
      je wait_for_it
      ${COUNT}
      jmp send`;
    await using guest = await SmpGuest.started(
      code.replace("receiver:\n", `mov dword ptr [${COUNTERS + 8}], 1\n receiver:\n`),
      2,
    );
    const pauses = await pauseUntil(guest, 0);
    expect(pauses).toBeGreaterThan(10);
    expect(Math.abs(guest.counter(0) - guest.counter(1))).toBeLessThanOrEqual(1);
  });

  test("ticks of the APIC timer, each started when the last one came", async () => {
    const code = `
      ${ENABLE_X2APIC}
      ${TAKE_INTERRUPTS}
      mov ecx, 0x83e
      mov eax, 0xb
      xor edx, edx
      wrmsr
      mov ecx, 0x832
      mov eax, ${VECTOR}
      wrmsr
    tick:
      mov esi, [${COUNTERS}]
      mov ecx, 0x838
      mov eax, 20000
      xor edx, edx
      wrmsr
    asleep:
      cli
      cmp esi, [${COUNTERS}]
      jne awake
      sti
      hlt
      jmp asleep
    awake:
      sti
      jmp tick`;
    await using guest = await SmpGuest.started(code, 1);
    expect(await pauseUntil(guest, 0)).toBeGreaterThan(10);
  });
});

/** Pauses the guest again and again until a vCPU has counted to EVENTS. @returns how often; throws when it stops counting */
async function pauseUntil(guest: SmpGuest, vcpu: number): Promise<number> {
  let pauses = 0;
  let last = -1;
  for (let stuck = 0; guest.counter(vcpu) < EVENTS; pauses++) {
    guest.pause.pause();
    guest.pause.resume();
    await Bun.sleep(1);
    stuck = guest.counter(vcpu) === last ? stuck + 1 : 0;
    last = guest.counter(vcpu);
    if (stuck > 3000) throw new Error(`no event came after ${last}`);
  }
  return pauses;
}
