/**
 * A volt whose main thread, once the VM runs, is an attacker's: he makes his attacks in each thread there is, and says what
 * came of them. What is attacked is a line on stdin.
 */

import { libc } from "../../../ffi/libc.ts";
import { exitNow } from "../../../ffi/process.ts";
import { MainLoop } from "../../../src/machine/main-loop.ts";
import { PLAN_VARIABLE } from "../../../src/machine/plan.ts";
import type { Targets } from "./attack.ts";
import { Attacker, type Execute } from "./attacker.ts";
import { ATTACKS } from "./attacks.ts";
import { type AttackLine, KERNELS_OWN, type VoltOrders } from "./orders.ts";
import { ThreadCode } from "./thread-code.ts";

const [STDIN, STDOUT] = [0, 1];
const SYS_KEYCTL = 250;
const PR_GET_NAME = 16;
const NAME_BYTES = 16;

if (process.env[PLAN_VARIABLE] !== undefined) {
  const code = new ThreadCode();
  // Bun's pool has a thread from before the filters. On a busy host they may be there before it has read anything.
  const early = Bun.file("/proc/self/statm")
    .text()
    .catch(() => "refused");
  MainLoop.prototype.run = () => attackAll(code, early) as never;
}
import("../../../src/main.ts");

async function attackAll(code: ThreadCode, early: Promise<string>): Promise<never> {
  try {
    await early;
    const orders: VoltOrders = JSON.parse(readLine());
    code.survive();
    const threads = await runningThreads(code, orders.vcpus);
    for (const [thread, id] of threads) {
      const attacker = new Attacker(executeIn(code, id));
      for (const { name, run } of ATTACKS) say({ thread, attack: name, result: run(attacker, orders.targets) });
    }
    await attackByPool(orders.targets);
    if (orders.endIn !== undefined) {
      code.beMortal();
      code.callIn(threads.get(orders.endIn)!, SYS_KEYCTL, []);
    }
  } catch (error) {
    say({ thread: "none", attack: `stopped: ${error}`, result: 0 });
  }
  exitNow(0);
}

function executeIn(code: ThreadCode, thread: number): Execute {
  if (thread !== process.pid) return (number, args) => code.callIn(thread, number, args);
  return (number, [a = 0, b = 0, c = 0, d = 0, e = 0]) => libc.syscall(number, a, b, c, d, e);
}

/**
 * By their names, as soon as every vCPU's has its own. Threads of one name have a number behind it. The one that may be the
 * kernel's is told of.
 */
async function runningThreads(code: ThreadCode, vcpus: number): Promise<Map<string, number>> {
  const ofTheKernel = new Set<number>();
  for (;;) {
    const named = new Map<string, number>();
    for (const id of code.threads()) {
      if (ofTheKernel.has(id)) continue;
      if (!code.runsCode(id)) {
        ofTheKernel.add(id);
        say({ thread: KERNELS_OWN, attack: "take a signal", result: "never" });
        continue;
      }
      const name = nameOf(code, id);
      named.set(named.has(name) ? `${name} (${named.size})` : name, id);
    }
    if (Array.from({ length: vcpus }, (_, i) => `vcpu ${i}`).every((name) => named.has(name))) return named;
    await Bun.sleep(10);
  }
}

function nameOf(code: ThreadCode, thread: number): string {
  const by = new Attacker(executeIn(code, thread));
  const at = by.address(new Uint8Array(NAME_BYTES));
  by.call("prctl", PR_GET_NAME, at);
  const bytes = new Uint8Array(by.view(at, NAME_BYTES).buffer, 0, NAME_BYTES);
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

/** The files that Bun opens for others, it opens in threads of its pool. */
async function attackByPool({ file, neighbour, folder }: Targets): Promise<void> {
  const tries: Record<string, () => Promise<unknown>> = {
    "read a file of the host": () => Bun.file(file).text(),
    "open the image beside its own disk": () => Bun.file(neighbour).text(),
    "write a file": () => Bun.write(`${folder}/new`, "x"),
  };
  for (const [attack, run] of Object.entries(tries)) {
    const result = await run().then(
      () => 0,
      ({ code }: { code: string }) => code,
    );
    say({ thread: "Bun's pool, by its own", attack, result });
  }
}

function readLine(): string {
  const bytes = new Uint8Array(4096);
  let length = 0;
  while (!bytes.subarray(0, length).includes(10)) {
    const count = libc.read(STDIN, bytes.subarray(length), bytes.length - length);
    if (count === 0) throw new Error("no orders");
    length += Math.max(0, count);
  }
  return new TextDecoder().decode(bytes.subarray(0, length));
}

function say(line: AttackLine): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  libc.write(STDOUT, bytes, bytes.length);
}
