/** The files in deploy/, by the judges that are at hand: systemd's own, parsers, and the schemas of what reads them. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { DaemonSet } from "kubernetes-models/apps/v1/DaemonSet";
import { Pod } from "kubernetes-models/v1/Pod";
import { imageSettings } from "../../../deploy/image.ts";
import { parseHcl } from "../../support/hcl.ts";
import { foreignVariables } from "./variables.ts";

const FOLDER = join(import.meta.dirname, "../../../deploy");
const text = (path: string) => readFileSync(join(FOLDER, path), "utf8");

describe("the systemd unit", () => {
  const unit = text("systemd/volt@.service");

  /** One instance, of a volt that is there: any program will do. */
  async function analyze(...command: string[]): Promise<{ status: number; output: string }> {
    const folder = mkdtempSync(join(tmpdir(), "volt-unit-"));
    try {
      const file = join(folder, "volt@web.service");
      writeFileSync(file, unit.replace("/usr/bin/volt", process.execPath));
      const child = Bun.spawn(["systemd-analyze", ...command, file], { stdout: "pipe", stderr: "pipe" });
      const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
      return { status: await child.exited, output: out + err };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test("is right by systemd's own check", async () => {
    expect(await analyze("verify", "--man=no")).toEqual({ status: 0, output: "" });
  });

  test("leaves volt little beside what its way into the sandbox needs", async () => {
    const { status, output } = await analyze("security", "--offline=true", "--threshold=60", "--no-pager");
    expect({ status, level: /Overall exposure level.*/.exec(output)?.[0] }).toMatchObject({ status: 0 });
  });

  test("can write the runtime folder, which the instances share: none takes it from the others as it stops", () => {
    expect(unit).toContain("ProtectSystem=strict");
    expect(/^RuntimeDirectory=(.*)$/m.exec(unit)?.[1]?.split(" ")).toContain("volt");
    expect(unit).toMatch(/^RuntimeDirectoryPreserve=yes$/m);
  });

  test("sets variables that volt knows, and waits longer than volt does", () => {
    const variables = [...unit.matchAll(/\b(VOLT_\w+)=/g)].map(([, name]) => name!);
    expect(variables).toContain("VOLT_CONFIG");
    expect(foreignVariables(variables)).toEqual([]);
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(10);
  });
});

describe("Nomad's job", () => {
  /** hcl2json makes a list of every block. */
  async function task(path: string): Promise<Record<string, never>> {
    const jobs = Object.values((await parseHcl(path, text(path)))["job"] as Record<string, never[]>);
    const { group } = jobs[0]![0]! as { group: { vm: { task: { web: Record<string, never>[] } }[] } };
    return group.vm[0]!.task.web[0]!;
  }

  test("for raw_exec runs volt with variables it knows, and kills later than volt does", async () => {
    const { driver, config, env, kill_timeout, resources } = (await task("nomad/raw-exec.nomad.hcl")) as never as {
      driver: string;
      config: { command: string; args: string[] }[];
      env: Record<string, string>[] | Record<string, string>;
      kill_timeout: string;
      resources: { memory: number }[];
    };
    expect({ driver, config }).toEqual({ driver: "raw_exec", config: [{ command: "/usr/bin/volt", args: ["run"] }] });
    const variables = [env].flat()[0]!;
    expect(foreignVariables(Object.keys(variables))).toEqual([]);
    expect(Number.parseInt(kill_timeout, 10)).toBeGreaterThan(10);
    expect(resources[0]!.memory).toBeGreaterThan(Number.parseInt(variables["VOLT_MEMORY"]!, 10));
  });

  test("for the Firecracker driver has that driver's settings, and volt by the name it answers to", async () => {
    const { driver, config } = (await task("nomad/firecracker.nomad.hcl")) as never as {
      driver: string;
      config: Record<string, unknown>[];
    };
    expect(driver).toBe("firecracker-task-driver");
    // The driver's task configuration, with the type of each.
    expect(Object.fromEntries(Object.entries(config[0]!).map(([name, value]) => [name, typeof value]))).toEqual({
      ...{ Firecracker: "string", KernelImage: "string", BootOptions: "string", BootDisk: "string" },
      ...{ Disks: "object", Network: "string", Vcpus: "number", Mem: "number" },
    });
    expect(config[0]!["Disks"]).toEqual([expect.stringMatching(/:(rw|ro)$/)]);
    expect(basename(config[0]!["Firecracker"] as string)).toBe("firecracker");
  });
});

test("Kata's drop-in names volt as firecracker, and no jailer", () => {
  expect(Bun.TOML.parse(text("kata/50-volt.toml"))).toEqual({
    hypervisor: {
      firecracker: {
        path: "/usr/local/bin/firecracker",
        valid_hypervisor_paths: ["/usr/local/bin/firecracker"],
        jailer_path: "",
        valid_jailer_paths: [],
      },
    },
  });
});

describe("Kubernetes'", () => {
  const read = (path: string) => Bun.YAML.parse(text(path)) as never;

  test("pod is one by the API's schema, and asks for no privilege", () => {
    const pod = new Pod(read("kubernetes/pod.yaml"));
    expect(() => pod.validate()).not.toThrow();
    const [vm] = pod.spec!.containers;
    expect(vm!.securityContext).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } });
    expect(foreignVariables(vm!.env!.map(({ name }) => name))).toEqual([]);
    expect(vm!.livenessProbe!.exec!.command).toEqual([...imageSettings().healthCheck]);
    const patience = Number(vm!.env!.find(({ name }) => name === "VOLT_STOP_TIMEOUT")!.value);
    expect(patience).toBeLessThan(pod.spec!.terminationGracePeriodSeconds!);
  });

  test("device plugin is a DaemonSet by the API's schema, for the resource that the pod asks for", () => {
    const plugin = new DaemonSet(read("kubernetes/device-plugin.yaml"));
    expect(() => plugin.validate()).not.toThrow();
    const [flag, device] = plugin.spec!.template.spec!.containers[0]!.args!;
    expect(flag).toBe("--device");
    const { name, groups } = Bun.YAML.parse(device!) as { name: string; groups: { paths: { path: string }[] }[] };
    expect(groups[0]!.paths).toEqual([{ path: "/dev/kvm" }]);
    const limits = new Pod(read("kubernetes/pod.yaml")).spec!.containers[0]!.resources!.limits!;
    // The plugin's own domain.
    expect(limits).toHaveProperty([`squat.ai/${name}`]);
  });

  test("schema refuses what is none", () => {
    expect(() => new Pod({ spec: { containers: [{ image: "x" }] } } as never).validate()).toThrow(/name/);
  });
});
