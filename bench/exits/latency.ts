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
import { assemble } from "../../test/kvm/tiny/assemble.ts";
import { TinyGuest, WINDOWS } from "../../test/kvm/tiny/guest.ts";

const EXITS = Number(process.argv[2] ?? 1_000_000);
/** Turns each program takes; what disturbs the machine disturbs both. */
const ROUNDS = 10;
const PORT = 0x200;
const CODE_ADDRESS = 0x1000;
const GUESTS = {
  "port read": `mov dx, ${PORT}; again: in al, dx; jmp again`,
  "MMIO read": `mov ax, ${WINDOWS / 16}; mov ds, ax; again: mov al, [0]; jmp again`,
};
/** Shares of the sorted times. */
const QUANTILES = { p50: 0.5, p99: 0.99, "p99.9": 0.999 };

const folder = mkdtempSync(join(tmpdir(), "volt-bench-"));
try {
  const program = compileLoop(folder);
  for (const [kind, code] of Object.entries(GUESTS)) compare(kind, code, program);
} finally {
  rmSync(folder, { recursive: true });
}

function compare(kind: string, code: string, program: string): void {
  const times = { volt: new Uint32Array(EXITS), C: new Uint32Array(EXITS) };
  const turn = Math.floor(EXITS / ROUNDS);
  // Once for nothing: the first thousands are interpreted.
  for (let round = -1; round < ROUNDS; round++) {
    const at = Math.max(round, 0) * turn;
    runInVolt(code, times.volt.subarray(at, at + turn));
    runInC(code, program, times.C.subarray(at, at + turn));
  }
  const rows = Object.entries(QUANTILES).map(([name, share]) => {
    const [volt, c] = [times.volt, times.C].map((all) => all.toSorted()[Math.floor(share * turn * ROUNDS)]! / 1000);
    return `${name} ${volt!.toFixed(2)} µs, in C ${c!.toFixed(2)} µs: ${(volt! / c!).toFixed(2)} times`;
  });
  console.log(`${kind}, ${turn * ROUNDS} exits: ${rows.join("; ")}`);
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

function runInC(code: string, program: string, times: Uint32Array): void {
  const stdin = Buffer.from(assemble(code, 16, CODE_ADDRESS));
  const { exitCode, stdout, stderr } = Bun.spawnSync([program, String(times.length)], { stdin });
  if (exitCode !== 0) throw new Error(`the loop in C: ${stderr}`);
  times.set(new Uint32Array(Uint8Array.from(stdout).buffer));
}

function compileLoop(into: string): string {
  const program = join(into, "loop");
  const source = join(import.meta.dirname, "loop.c");
  const { exitCode, stderr } = Bun.spawnSync(["gcc", "-O2", "-o", program, source]);
  if (exitCode !== 0) throw new Error(`gcc (packages gcc, libc6-dev, linux-libc-dev):\n${stderr}`);
  return program;
}
