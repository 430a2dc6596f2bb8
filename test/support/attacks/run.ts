/** Starts attackers with a choice of layers around them. */
import { join } from "node:path";
import { Fd, O } from "../../../ffi/fd.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { confinement, type Demands } from "../../../src/security/confinement.ts";
import { enterSandbox } from "../../../src/security/enter.ts";
import type { OpenPath } from "../../../src/security/open-path.ts";
import type { Step } from "../../../src/security/step.ts";
import { landlockRuleset, landlockSteps, pathRules } from "../../../src/security/steps/landlock.ts";
import { ROOT } from "../source-tree.ts";
import type { Targets } from "./attack.ts";

export interface Orders {
  readonly attacks: readonly string[];
  readonly targets: Targets;
  readonly demands: Demands;
  /** Whose filters; undefined for none. */
  readonly seccomp?: "main" | "vcpu" | "common" | undefined;
  /** In place of the host's own: what an older kernel can forbid. */
  readonly landlockAbi?: number;
  /** Whether a thread of Bun's pool reads the file too. */
  readonly pool?: boolean;
}

/** Privileges and limits are always up. */
export type Layer = "privileges" | "namespaces" | "landlock" | "seccomp";

/** What came of each attack: 0 where it succeeded, else errno, or `ended` with the process. */
export type Results = ReadonlyMap<string, number | string>;

/**
 * Runs attacks in one process, until they are done or one of them ends it.
 * @param by words before the program: what starts it as another user
 */
export function attack(layers: readonly Layer[], orders: Omit<Orders, "demands">, by: readonly string[] = []): Results {
  const child = Bun.spawnSync([...by, process.execPath, import.meta.path, JSON.stringify({ layers, orders })], {
    timeout: 30_000,
    env: {},
    stdin: "ignore",
    stderr: "pipe",
    stdout: "pipe",
  });
  const lines = child.stdout.toString().trim().split("\n");
  const results = new Map<string, number | string>();
  for (const line of lines.filter((one) => one.startsWith("["))) {
    const [name, result] = JSON.parse(line);
    results.set(name, result);
  }
  const ended = orders.attacks.find((name) => !results.has(name));
  if (ended !== undefined) {
    if (child.exitCode !== 159)
      throw new Error(`${layers}: ${ended}: ${child.exitCode}: ${child.stdout}${child.stderr}`);
    results.set(ended, "ended");
  }
  return results;
}

if (import.meta.main) {
  const { layers, orders } = JSON.parse(process.argv[2]!) as { layers: Layer[]; orders: Orders };
  const { sandbox } = parseConfig(
    {
      volt: {
        sandbox: {
          landlock: layers.includes("landlock") && orders.landlockAbi === undefined,
          namespaces: layers.includes("namespaces") ? "require" : "off",
          // The program and its source are files here, where volt has them in itself.
          allow_paths: [ROOT],
        },
      },
    },
    "",
  ).volt;
  // A disk that is for reading: one of those that an API may have it open once more.
  const disk = Fd.open(orders.targets.disk, O.RDONLY);
  disk.setInherited(true);
  const files = [{ fd: disk.number, access: ["READ_FILE" as const], why: "a disk" }];
  const { steps, demands } = confinement(sandbox, { files, folders: [] }, []);
  const older = orders.landlockAbi === undefined ? [] : olderLandlock(orders.landlockAbi, files);
  const inside = join(import.meta.dirname, "inside.ts");
  enterSandbox({ steps: [...steps, ...older], demands }, ["bun", inside, JSON.stringify({ ...orders, demands })], {});
}

/** As `confinement` has it, for a host of that version. */
function olderLandlock(abi: number, files: readonly OpenPath[]): Step[] {
  const ruleset = landlockRuleset(abi, pathRules([{ path: ROOT, isFolder: true }], files));
  ruleset.setInherited(true);
  return landlockSteps(ruleset.number);
}
