/** Somebody who has taken over a running volt, in every thread of it, with all layers up. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { ATTACKS } from "../../support/attacks/attacks.ts";
import { attackedVolt } from "../../support/attacks/build.ts";
import { type AttackLine, KERNELS_OWN, type VoltOrders } from "../../support/attacks/orders.ts";
import { layOutTargets } from "../../support/attacks/targets.ts";
import { asUser } from "../../support/lacking-host.ts";
import { RunningVolt } from "./process.ts";
import { END, tinyKernel } from "./tiny-kernel.ts";
import { Folder, type VoltEnd } from "./volt.ts";

setDefaultTimeout(300_000);

const USER = 4321;
const VCPUS = 2;
const SIGSYS_STATUS = 128 + 31;

let program = "";
beforeAll(() => {
  program = attackedVolt();
});

/** Lets him make all his attacks. */
async function attacked(flags: readonly string[], orders: VoltOrders, by: readonly string[]): Promise<VoltEnd> {
  using folder = new Folder();
  chmodSync(folder.path, 0o755);
  const { run } = tinyKernel(folder, END.halt);
  await using vm = new RunningVolt([...run, "--cpus", String(VCPUS), ...flags], { program, by });
  vm.send(`${JSON.stringify(orders)}\n`);
  return await vm.end();
}

function linesOf({ stdout }: VoltEnd): AttackLine[] {
  return stdout
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

describe.each([
  ["root", 0, []],
  ["an ordinary user", USER, asUser(USER)],
])("a volt of %s", (_, user, by) => {
  const targets = layOutTargets(user);
  writeFileSync(`${targets.folder}/second.img`, new Uint8Array(4096));
  chmodSync(`${targets.folder}/second.img`, 0o666);
  // Of its own: a socket's folder stays reachable.
  mkdirSync(`${targets.folder}/api`);
  chmodSync(`${targets.folder}/api`, 0o777);
  afterAll(() => targets[Symbol.dispose]());
  const disks = ["--disk", `${targets.disk},ro`, "--disk", `${targets.folder}/second.img`];

  // With an API its filter lets disks be opened: what else that opens is for the other layers.
  test.each([
    ["", []],
    [" and an API", ["--api", `${targets.folder}/api/socket`]],
  ])("with disks%s lets no attack through, from whichever thread", async (_, api) => {
    const lines = linesOf(await attacked([...disks, ...api], { targets, vcpus: VCPUS }, by));
    expect(lines.filter(({ result }) => result === 0)).toEqual([]);
    const threads = new Map(Map.groupBy(lines, ({ thread }) => thread));
    for (const vcpu of ["volt", "vcpu 0", "vcpu 1"]) expect([...threads.keys()]).toContain(vcpu);
    expect([...threads.keys()].filter((name) => name.startsWith("Bun Pool"))).not.toEqual([]);
    const own = "Bun's pool, by its own";
    expect(threads.get(own)?.map(({ result }) => result)).toHaveLength(3);
    threads.delete(own);
    // KVM's worker for large pages, where it has one. Another would be a thread that escaped the attackers.
    expect((threads.get(KERNELS_OWN) ?? []).length).toBeLessThanOrEqual(1);
    threads.delete(KERNELS_OWN);
    for (const [thread, made] of threads) {
      expect([thread, made.map(({ attack }) => attack)]).toEqual([thread, ATTACKS.map(({ name }) => name)]);
    }
  });
});

describe("a forbidden call", () => {
  const targets = layOutTargets();
  afterAll(() => targets[Symbol.dispose]());

  test.each(["volt", "vcpu 1", "Bun Pool 0"])("in the thread %s ends volt, and the log says so", async (endIn) => {
    const { status, stderr } = await attacked([], { targets, vcpus: VCPUS, endIn }, []);
    expect({ status, stderr }).toEqual({
      status: SIGSYS_STATUS,
      stderr: expect.stringMatching(
        new RegExp(`^volt: sandbox: the thread ${endIn} called keyctl\\(.*which the sandbox forbids`),
      ),
    });
  });
});
