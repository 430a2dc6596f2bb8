/**
 * How long each exit of a million takes, in volt's loop and in the same loop in C, taking turns on the same KVM: a mean
 * hides what garbage collection or a slow path does to the slowest of a thousand.
 *
 *     bun bench/exits/latency.ts [EXITS]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monotonicNs } from "../../ffi/clock.ts";
import { VcpuLoop } from "../../src/cpu/loop.ts";
import type { MmioDevice, PortDevice } from "../../src/devices/device.ts";
import { TinyGuest, WINDOWS } from "../../test/kvm/tiny/guest.ts";
import { compareWithC, programInC } from "./beside-c.ts";

const EXITS = Number(process.argv[2] ?? 1_000_000);
const PORT = 0x200;
const GUESTS = {
  "port read": `mov dx, ${PORT}; again: in al, dx; jmp again`,
  "MMIO read": `mov ax, ${WINDOWS / 16}; mov ds, ax; again: mov al, [0]; jmp again`,
};

const folder = mkdtempSync(join(tmpdir(), "volt-bench-"));
try {
  const loop = programInC("loop", folder);
  for (const [kind, code] of Object.entries(GUESTS)) {
    const inVolt = (times: Uint32Array) => runInVolt(code, times);
    console.log(`${kind}, ${await compareWithC(EXITS, inVolt, (times) => loop(code, times))}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** Its devices note the time of each access, from one to the next. */
function runInVolt(code: string, times: Uint32Array): void {
  using guest = new TinyGuest(code);
  let done = 0;
  let last = 0;
  const note = (): void => {
    const now = monotonicNs();
    if (done < times.length) times[done] = now - last;
    done++;
    last = now;
  };
  const port: PortDevice = {
    read() {
      note();
      return 0;
    },
    write() {},
  };
  const window: MmioDevice = { read: note, write() {} };
  guest.ports.attach(PORT, 1, port);
  guest.windows.attach(WINDOWS, window);
  const loop = new VcpuLoop(guest.vcpu, guest.ports, guest.windows, {
    get stopped() {
      return done > times.length;
    },
    deviceFault(error) {
      throw error;
    },
  });
  last = monotonicNs();
  loop.run();
}
