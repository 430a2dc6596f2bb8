/** Metrics of a machine that runs: by curl, and in a file that others read, or nobody. */
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { Fd, O } from "../../../ffi/fd.ts";
import { sceneOfEachTest } from "../../support/scene.ts";
import { END, print, tinyKernel } from "../cli/tiny-kernel.ts";
import { failure } from "../cli/volt.ts";
import { ask, curl } from "./client.ts";

const scene = sceneOfEachTest();
const file = (name: string) => scene.folder.file(name);

/** A guest that says "hello" and then spins, and its API's socket. */
async function start(...flags: readonly string[]): Promise<string> {
  const socket = await scene.startWithApi(print("hello") + END.spin, ["--id", "one", ...flags]);
  await scene.vm.printed("hello");
  return socket;
}

function fifo(name: string): string {
  expect(Bun.spawnSync(["mkfifo", file(name)]).exitCode).toBe(0);
  return file(name);
}

const metricsOf = (socket: string): Promise<string> => curl(socket, "http://localhost/volt/metrics");
const flush = (socket: string) => ask(socket, "PUT", "/actions", { action_type: "FlushMetrics" });

test("Prometheus reads what guest, devices and API did", async () => {
  const socket = await start();
  expect(await curl(socket, "-i", "http://localhost/volt/metrics")).toContain(
    "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n",
  );
  await ask(socket, "PATCH", "/vm", { state: "Paused" });
  await ask(socket, "GET", "/nowhere");
  const text = await metricsOf(socket);
  expect(text).toMatch(/^volt_info\{id="one",version="\d[^"]*"\} 1$/m);
  expect(text).toContain("\nvolt_serial_written_bytes_total 5\n");
  expect(text).toMatch(/^volt_vcpu_exits_total\{vcpu="0",reason="io_out"\} [1-5]$/m);
  expect(text).toContain('\nvolt_device_operations_total{device="rng",kind="entropy"} 0\n');
  expect(text).toContain("\nvolt_paused 1\n");
  expect(text).toContain('\nvolt_api_requests_total{method="PATCH",resource="vm"} 1\n');
  expect(text).toContain("\nvolt_api_unknown_requests_total 1\n");
  expect(Number(/^volt_pause_seconds (.+)$/m.exec(text)![1])).toBeWithin(1e-6, 5);
  expect(Number(/^volt_start_seconds (.+)$/m.exec(text)![1])).toBeWithin(1e-3, 60);
  expect(Number(/^process_cpu_seconds_total (.+)$/m.exec(text)![1])).toBeGreaterThan(0);
});

test("counters grow while the machine runs on", async () => {
  const socket = await start();
  const requests = async () => Number(/resource="volt\/metrics"\} (\d+)/.exec(await metricsOf(socket))?.[1] ?? "0");
  expect([await requests(), await requests(), await requests()]).toEqual([0, 1, 2]);
});

describe("--metrics-path", () => {
  const linesOf = (path: string) =>
    readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));

  test("has a line from the start on, one a flush, and one at the end", async () => {
    const socket = await start("--metrics-path", file("metrics"));
    const path = file("metrics");
    expect(linesOf(path)).toHaveLength(1);
    expect((await flush(socket)).status).toBe(204);
    expect((await flush(socket)).status).toBe(204);
    scene.vm.signal("SIGHUP");
    await scene.vm.end();
    const lines = linesOf(path);
    expect(lines).toHaveLength(4);
    const sum = (pick: (line: (typeof lines)[number]) => number) => lines.reduce((all, line) => all + pick(line), 0);
    expect(sum(({ uart }) => uart.write_count)).toBe(5);
    expect(sum(({ put_api_requests }) => put_api_requests.actions_count)).toBe(2);
    expect(sum(({ vcpu }) => vcpu.exit_io_out)).toBeWithin(1, 6);
    expect(sum(({ vcpu }) => vcpu.exit_io_out_agg.sum_us)).toBeGreaterThan(0);
    expect(lines.map(({ signals }) => signals.sighup)).toEqual([0, 0, 0, 1]);
    expect(Math.abs(lines[3].utc_timestamp_ms - Date.now())).toBeLessThan(60_000);
  });

  test("as a FIFO that nobody reads makes nobody wait, and whoever comes finds whole lines", async () => {
    const socket = await start("--metrics-path", fifo("metrics"));
    const statuses: number[] = [];
    for (let i = 0; i < 20; i++) statuses.push((await flush(socket)).status);
    expect(statuses[0]).toBe(204);
    expect(statuses.at(-1)).toBe(400);
    expect(JSON.stringify((await flush(socket)).body)).toContain(
      "Internal VMM error: METRICS: Failed to write metrics",
    );
    const taken = statuses.filter((status) => status === 204).length;
    const reader = Bun.spawn(["timeout", "5", "head", "-n", String(taken + 1), file("metrics")], {
      stdout: "pipe",
    });
    const lines = (await new Response(reader.stdout).text()).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).vmm.panic_count)).toEqual(new Array(taken + 1).fill(0));
    expect((await flush(socket)).status).toBe(204);
  });

  test("nowhere is said before anything starts", async () => {
    const { run } = tinyKernel(scene.folder, END.reset);
    expect(await failure([...run, "--metrics-path", "/nonexistent/x"])).toBe(
      "--metrics-path: there is no folder for /nonexistent/x: make it first",
    );
  });
});

test("the metrics section of a configuration says more of what a line is to have", async () => {
  const metrics = (file: string) => ({ metrics_path: file, emit_id: true, properties: { rack: "b7" } });
  writeFileSync(file("vm.json"), JSON.stringify({ metrics: metrics(file("metrics")) }));
  await start("--config", file("vm.json"));
  const [line] = readFileSync(file("metrics"), "utf8").split("\n");
  expect(JSON.parse(line!)).toMatchObject({ id: "one", properties: { rack: "b7" }, uart: expect.any(Object) });
});

test("a log whose reader has stopped makes nobody wait, and its lost lines are counted", async () => {
  const log = fifo("log");
  const full = Fd.open(log, O.RDWR | O.NONBLOCK);
  while (full.write(new Uint8Array(4096)) > 0);
  const socket = await start("--log-file", log, "--log-level", "trace");
  expect(Number(/^volt_log_missed_lines_total (.+)$/m.exec(await metricsOf(socket))![1])).toBeGreaterThan(5);
});
