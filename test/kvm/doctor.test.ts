import { expect, test } from "bun:test";
import { join } from "node:path";
import { examine } from "../../src/host/doctor.ts";
import { canRun, type Finding } from "../../src/host/finding.ts";
import { thisHost } from "../../src/host/host.ts";
import { openDescriptors, openedSince } from "../support/resources.ts";
import { ROOT } from "../support/source-tree.ts";

/** `volt doctor FLAGS` in a process of its own, without the rest of the command line around it. */
function doctor(...flags: string[]): { status: number | null; stdout: string; stderr: string } {
  const module = JSON.stringify(join(ROOT, "src/cli/doctor.ts"));
  const script = `import { runCommand } from "citty"; import { doctorCommand } from ${module};
    await runCommand(doctorCommand, { rawArgs: ${JSON.stringify(flags)} });`;
  const run = Bun.spawnSync([process.execPath, "-e", script], { cwd: ROOT });
  return { status: run.exitCode, stdout: run.stdout.toString(), stderr: run.stderr.toString() };
}

test("on a host where these tests run, /dev/kvm is good and a VM is really made", () => {
  const status = new Map(examine(thisHost).map((finding) => [finding.name, finding.status]));
  const asked = ["KVM", "KVM API", "KVM VM", "KVM_CAP_IRQFD"].map((name) => status.get(name));
  expect(asked).toEqual(["ok", "ok", "ok", "ok"]);
});

test("the examination gives back every descriptor", () => {
  examine(thisHost);
  const before = openDescriptors();
  examine(thisHost);
  expect(openedSince(before)).toEqual([]);
});

test("the command prints a line for each finding, and its status says whether a VM can run", () => {
  const findings = examine(thisHost);
  const { status, stdout, stderr } = doctor();
  expect(status).toBe(canRun(findings) ? 0 : 1);
  expect(stderr).toBe("");
  for (const { name, purpose } of findings) {
    expect(stdout).toContain(`${name} `);
    expect(stdout).toContain(`(${purpose})`);
  }
});

test("--json says the same in JSON", () => {
  const { stdout } = doctor("--json");
  const parsed = JSON.parse(stdout) as { canRun: boolean; findings: Finding[] };
  const here = examine(thisHost);
  expect(parsed.canRun).toBe(canRun(here));
  expect(parsed.findings.map(({ name, status }) => [name, status])).toEqual(
    here.map(({ name, status }) => [name, status]),
  );
});
