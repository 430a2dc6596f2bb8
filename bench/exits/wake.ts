/**
 * How long a halted vCPU takes to wake: from the signal on an irqfd until the guest's interrupt handler has counted it, in
 * volt's threads and in C, taking turns on the same KVM.
 *
 *     bun bench/exits/wake.ts [WAKES]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monotonicNs } from "../../ffi/clock.ts";
import { schedYield } from "../../ffi/sched.ts";
import { COUNTERS, SmpGuest } from "../../test/kvm/cpu/smp-guest.ts";
import { compareWithC, programInC } from "./beside-c.ts";

const WAKES = Number(process.argv[2] ?? 10_000);
/** Long enough for KVM to give up polling (halt_poll_ns, 200 µs) and put the thread to sleep. */
const REST_US = 1000;
const GSI = 4;
const VECTORS = 0x20;
const PATIENCE_NS = 1_000_000_000;

/** The first interrupt controller at vector 0x20, only line 4 let through; its handler counts, at first by itself. */
const CODE = `
  mov word ptr [${(VECTORS + GSI) * 4}], offset taken
  mov word ptr [${(VECTORS + GSI) * 4 + 2}], 0
  mov al, 0x11
  out 0x20, al
  mov al, ${VECTORS}
  out 0x21, al
  mov al, 4
  out 0x21, al
  mov al, 1
  out 0x21, al
  mov al, ${0xff & ~(1 << GSI)}
  out 0x21, al
  inc dword ptr [${COUNTERS}]
  sti
asleep: hlt; jmp asleep
taken:
  inc dword ptr [${COUNTERS}]
  mov al, 0x20
  out 0x20, al
  iret`;

const folder = mkdtempSync(join(tmpdir(), "volt-bench-"));
try {
  const wake = programInC("wake", folder);
  const inC = (times: Uint32Array) => wake(CODE, times, String(GSI), String(COUNTERS), String(REST_US));
  console.log(`a halted vCPU woken by an irqfd, ${await compareWithC(WAKES, wakeInVolt, inC)}`);
} finally {
  rmSync(folder, { recursive: true });
}

async function wakeInVolt(times: Uint32Array): Promise<void> {
  await using guest = new SmpGuest(CODE, 1);
  const line = guest.connect(GSI);
  if (!(await guest.reaches(0, 1))) throw new Error("the guest did not come up");
  for (let i = 0; i < times.length; i++) {
    const before = guest.counter(0);
    Bun.sleepSync(REST_US / 1000);
    const begin = monotonicNs();
    line.signal();
    // Not `begin`: the vCPU may have run in this thread's place, and been done before signal() was back.
    let now = monotonicNs();
    while (guest.counter(0) === before && now - begin < PATIENCE_NS) {
      // The scheduler likes to wake a thread where its waker runs, who must not be in its way there.
      schedYield();
      now = monotonicNs();
    }
    if (guest.counter(0) === before) throw new Error("the guest did not wake within a second");
    times[i] = now - begin;
  }
}
