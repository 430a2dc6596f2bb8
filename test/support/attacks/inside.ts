/** Runs in the sandbox, or in a part of it: puts up what is left to put up, attacks, and prints what came of it. */
import { libc } from "../../../ffi/libc.ts";
import { SeccompTrap } from "../../../ffi/seccomp/trap.ts";
import { OUTCOME_VARIABLE } from "../../../src/security/enter.ts";
import { apply } from "../../../src/security/seccomp/apply.ts";
import { Filters } from "../../../src/security/seccomp/filters.ts";
import { verifyConfinement } from "../../../src/security/verify.ts";
import { Attacker } from "./attacker.ts";
import { ATTACKS } from "./attacks.ts";
import type { Orders } from "./run.ts";

const STDOUT = 1;
const orders: Orders = JSON.parse(process.argv[2]!);
const print = (value: unknown): void => {
  const line = Buffer.from(`${JSON.stringify(value)}\n`);
  libc.write(STDOUT, line, line.length);
};

verifyConfinement(orders.demands, process.env[OUTCOME_VARIABLE] ?? "");
if (orders.seccomp !== undefined) {
  SeccompTrap.enforce(STDOUT, { prefix: "trapped: ", middle: " ", suffix: "\n" });
  const filters = new Filters(process.pid, []);
  apply(filters.program("common"), "every thread");
  if (orders.seccomp !== "common") apply(filters.program(orders.seccomp), "this thread");
}
const attacker = new Attacker((number, [a = 0, b = 0, c = 0, d = 0, e = 0]) => libc.syscall(number, a, b, c, d, e));
for (const name of orders.attacks) {
  const attack = ATTACKS.find((one) => one.name === name)!;
  print([name, attack.run(attacker, orders.targets)]);
}
if (orders.pool) {
  // A thread of Bun's own, which was there before any of this.
  const read = await Bun.file(orders.targets.file)
    .text()
    .then(() => 0)
    .catch(({ code }: { code: string }) => code);
  print(["pool", read]);
}
libc._exit(0);
