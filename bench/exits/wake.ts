/**
 * How long a halted vCPU takes to wake: from a pulse of an interrupt line (KVM_IRQ_LINE) until the guest's interrupt handler
 * has counted it, in volt's threads and in C, taking turns on the same KVM.
 *
 *     bun bench/exits/wake.ts [WAKES]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monotonicNs } from "../../ffi/clock.ts";
import { schedYield } from "../../ffi/sched.ts";
import { countInterrupts } from "../../test/kvm/cpu/interrupt-counter.ts";
import { COUNTERS, SmpGuest } from "../../test/kvm/cpu/smp-guest.ts";
import { compareWithC, programInC } from "./beside-c.ts";

const WAKES = Number(process.argv[2] ?? 10_000);
/** Long enough for KVM to give up polling (halt_poll_ns, 200 µs) and put the thread to sleep. */
const REST_US = 1000;
const GSI = 4;
const PATIENCE_NS = 1_000_000_000;
const CODE = countInterrupts(GSI);

const folder = mkdtempSync(join(tmpdir(), "volt-bench-"));
try {
  const wake = programInC("wake", folder);
  const inC = (times: Uint32Array) => wake(CODE, times, String(GSI), String(COUNTERS), String(REST_US));
  console.log(`a halted vCPU woken by an interrupt line, ${await compareWithC(WAKES, wakeInVolt, inC)}`);
} finally {
  rmSync(folder, { recursive: true });
}

async function wakeInVolt(times: Uint32Array): Promise<void> {
  await using guest = new SmpGuest(CODE, 1);
  const line = guest.line(GSI);
  if (!(await guest.reaches(0, 1))) throw new Error("the guest did not come up");
  for (let i = 0; i < times.length; i++) {
    const before = guest.counter(0);
    Bun.sleepSync(REST_US / 1000);
    const begin = monotonicNs();
    line.raise();
    // Not `begin`: the vCPU may have run in this thread's place, and been done before raise() was back.
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
