/** The Go SDK's calls, in its order, by a client that is none of ours: `sequence.py`. */
import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EMULATED } from "../../support/emulated.ts";
import { canMakeTaps, HostTap } from "../../support/host-tap.ts";
import { sceneOfEachTest } from "../../support/scene.ts";
import { END, tinyKernel } from "../cli/tiny-kernel.ts";

const scene = sceneOfEachTest();
const file = (name: string) => scene.folder.file(name);

// A TAP needs root, and /dev/net/tun.
test.if(canMakeTaps)("the Go SDK's calls start a machine, change it, and press Ctrl-Alt-Del", async () => {
  using tap = new HostTap();
  const socket = await scene.startFirecracker(["--id", "one", "--no-seccomp"]);
  tinyKernel(scene.folder, END.spin);
  writeFileSync(file("disk"), new Uint8Array(4096));
  const [log, metrics] = [file("log"), file("metrics")];
  expect(Bun.spawnSync(["mkfifo", log, metrics]).exitCode).toBe(0);
  const [reader, metricsReader] = [log, metrics].map((path) => Bun.spawn(["cat", path], { stdout: "pipe" }));
  const given = {
    ...{ socket, log, metrics, tap: tap.name, timeout: EMULATED ? 40 : 0.5 },
    ...{ kernel: file("kernel"), initrd: file("initrd"), drive: file("disk"), vsock: file("v.sock") },
  };
  const script = join(import.meta.dirname, "sequence.py");
  const calls = Bun.spawnSync(["/usr/bin/python3", script, JSON.stringify(given)]);
  expect(calls.stderr.toString()).toBe("");
  expect(calls.stdout.toString().replace(/\n$/, "").split("\n")).toEqual([
    "200",
    ...["204 /logger ", "204 /metrics ", "204 /machine-config ", "32", "204 /boot-source ", "204 /drives/1 "],
    ...["204 /network-interfaces/1 ", "204 /vsock ", "204 /mmds/config ", "204 /balloon ", "204 /actions "],
    ...["Running", "204 /vm ", "Paused", "204 /vm "],
    ...["204 /mmds ", "204 /mmds ", '{"latest": {"id": "one", "more": [1, 2]}}'],
    ...["204 /drives/1 ", "204 /network-interfaces/1 ", "204 /balloon ", "8", "1000000", "204 /actions "],
  ]);
  expect(existsSync(file("v.sock"))).toBe(true);
  expect(scene.vm.threads()).toContain("fc_vcpu 0");
  expect(scene.vm.threads()).toContain("firecracker");
  scene.vm.signal("SIGKILL");
  await scene.vm.end();
  const text = await new Response(reader!.stdout).text();
  expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9} \[one:fc_api:INFO\] /);
  expect(text).toContain('The API server received a Put request on "/actions" with body "{');
  expect(text.match(/Status code: 204 No Content\./g)!.length).toBeGreaterThan(6);
  const [first] = (await new Response(metricsReader!.stdout).text()).split("\n");
  expect(JSON.parse(first!)).toMatchObject({ net_1: {}, block_1: {} });
});
