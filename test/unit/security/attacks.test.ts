/** Somebody who runs code in volt's process, and each layer alone against him. docs/security.md shows the table. */
import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { landlockAbi } from "../../../ffi/host.ts";
import type { Attack } from "../../support/attacks/attack.ts";
import { ATTACKS } from "../../support/attacks/attacks.ts";
import { attack, type Layer } from "../../support/attacks/run.ts";
import { layOutTargets } from "../../support/attacks/targets.ts";
import { textOf } from "../../support/source-tree.ts";

const USER = 4321;
const AS_USER = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"];

const targets = layOutTargets();
const usersTargets = layOutTargets(USER);
afterAll(() => {
  for (const one of [targets, usersTargets]) one[Symbol.dispose]();
});

const NAMES = ATTACKS.map(({ name }) => name);
const THREADS = ["common", "main", "vcpu"] as const;
const ABI = landlockAbi();

function owners({ stoppedBy }: Attack): Layer[] {
  const all: Layer[] = ["privileges", "namespaces", "landlock", "seccomp"];
  return all.filter((layer) => {
    const owns = stoppedBy[layer];
    return owns === true || (typeof owns === "number" && owns <= ABI);
  });
}

const owned = (layer: Layer) => ATTACKS.filter((one) => owners(one).includes(layer)).map(({ name }) => name);

test("every attack has a layer that stops it alone", () => {
  expect(ATTACKS.filter((one) => owners(one).length === 0)).toEqual([]);
});

describe("alone", () => {
  test.each(["privileges", "namespaces", "landlock"] as const)("%s stops what it owns", (layer) => {
    // The layer before it may have let it be deleted.
    writeFileSync(join(targets.folder, "there"), "");
    const results = attack([layer], { attacks: NAMES, targets });
    const open = owned(layer).filter((name) => results.get(name) === 0);
    expect(open).toEqual([]);
    expect(results.size).toBe(NAMES.length);
  });

  // A kernel of today can be asked for no more than one of then could do.
  test.each(Array.from({ length: ABI }, (_, i) => i + 1))(
    "Landlock of version %d stops what it owns, and no more",
    (abi) => {
      writeFileSync(join(targets.folder, "there"), "");
      const results = attack(["landlock"], { attacks: NAMES, targets, landlockAbi: abi });
      const since = ({ stoppedBy: { landlock = Number.POSITIVE_INFINITY } }: Attack) => landlock;
      const open = ATTACKS.filter(({ name }) => results.get(name) === 0);
      expect(open.filter((one) => since(one) <= abi).map(({ name }) => name)).toEqual([]);
      const later = ATTACKS.filter((one) => since(one) > abi && since(one) <= ABI);
      expect(later.filter((one) => !open.includes(one)).map(({ name }) => name)).toEqual([]);
    },
  );

  test("privileges stop an ordinary user's setuid program, which gives him something without them", () => {
    const name = "gain privilege by a setuid program";
    expect(Bun.spawnSync([...AS_USER, usersTargets.setuid]).exitCode).toBe(0);
    expect(attack(["privileges"], { attacks: [name], targets: usersTargets }, AS_USER).get(name)).toBe(1);
  });

  // One process an attack: it may be ended by it.
  describe.each(THREADS)("seccomp (%s)", (thread) => {
    test.each(owned("seccomp"))("stops: %s", (name) => {
      const results = attack(["seccomp"], { attacks: [name], targets, seccomp: thread });
      expect(results.get(name)).not.toBe(0);
    });
  });
});

describe("what a layer does not own it lets through, so none hides another's hole", () => {
  test("without namespaces, Landlock and seccomp a file is read and written, the network reached, a process started", () => {
    const attacks = [
      "read a file of the host",
      "write a file",
      "connect to the host's loopback",
      "fork",
      "be root in a user namespace",
      "open the image beside its own disk",
      "write to a disk that it has for reading",
      "netlink socket",
    ];
    const results = attack(["privileges"], { attacks, targets });
    expect(Object.fromEntries(results)).toEqual(Object.fromEntries(attacks.map((name) => [name, 0])));
  });
});

describe("together", () => {
  test.each(NAMES)("they stop: %s", (name) => {
    const layers: Layer[] = ["namespaces", "landlock", "seccomp"];
    const results = attack(layers, { attacks: [name], targets, seccomp: "main" });
    expect(results.get(name)).not.toBe(0);
  });
});

describe("a thread of Bun's own pool, which was there before main's first line,", () => {
  test.each([
    ["namespaces", "ENOENT"],
    ["landlock", "EACCES"],
    ["seccomp", "EACCES"],
  ] as const)("is held by %s too", (layer, error) => {
    const filters = layer === "seccomp" ? ({ seccomp: "common" } as const) : {};
    const results = attack([layer], { attacks: [], targets, pool: true, ...filters });
    expect(results.get("pool")).toBe(error);
  });

  test("reads the file without them", () => {
    expect(attack(["privileges"], { attacks: [], targets, pool: true }).get("pool")).toBe(0);
  });
});

test("docs/security.md has the table", () => {
  const mark = (owns: true | number | undefined) =>
    owns === undefined ? "" : owns === true || owns === 1 ? "x" : `ABI ${owns}`;
  const rows = ATTACKS.map(({ name, stoppedBy: { privileges, namespaces, landlock, seccomp } }) => {
    return `| ${[name, ...[privileges, namespaces, landlock, seccomp].map(mark)].join(" | ")} |`;
  });
  const text = textOf("docs/security.md");
  expect(rows.filter((row) => !text.includes(row))).toEqual([]);
});
