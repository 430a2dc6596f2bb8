/** volt in Firecracker's place, as the programs that start it do: on this host's /dev/kvm, with guests of a few instructions. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { sceneOfEachTest } from "../../support/scene.ts";
import { ask, curl } from "../api/client.ts";
import { END, print, tinyKernel } from "../cli/tiny-kernel.ts";
import { failure, volt } from "../cli/volt.ts";

const scene = sceneOfEachTest();
const file = (name: string) => scene.folder.file(name);

const run = (...args: readonly string[]) => volt(args, { program: scene.firecracker });

/** Before the start. */
async function start(guest: string, ...args: readonly string[]): Promise<string> {
  writeGuest(guest);
  return await scene.startFirecracker(args);
}

/** And its disk. */
function writeGuest(guest: string): void {
  tinyKernel(scene.folder, guest);
  writeFileSync(file("disk"), new Uint8Array(2 ** 20));
}

const boot = () => ({ kernel_image_path: file("kernel"), initrd_path: file("initrd") });
const machine = { vcpu_count: 1, mem_size_mib: 32 };
const disk = () => ({ drive_id: "a", is_root_device: false, path_on_host: file("disk") });
const instanceStart = { action_type: "InstanceStart" };

/** A description of a machine with such a guest, in a file. */
function configFile(guest: string, more: object = {}): string {
  writeGuest(guest);
  const config = { "boot-source": boot(), drives: [disk()], "machine-config": machine, ...more };
  writeFileSync(file("vm.json"), JSON.stringify(config));
  return file("vm.json");
}

test("its version is read as Firecracker's", async () => {
  const { status, stdout } = await run("--version");
  expect(status).toBe(0);
  expect(stdout.toString()).toMatch(/^Firecracker v1\.16\.1\nvolt \d/);
  expect(stdout.toString()).toEndWith("Firecracker exiting successfully. exit_code=0\n");
});

test("volt's own commands are told that its machine has not started", async () => {
  const socket = await start(END.spin);
  for (const command of ["info", "stop", "kill", "metrics", "console", "events", "pause"]) {
    expect(await failure([command, "--api", socket])).toBe(
      `${socket}: The requested operation is not supported before starting the microVM.`,
    );
  }
});

describe("its exit code is", () => {
  test.each<[string, number, string[]]>([
    ["153 for what is no flag", 153, ["--nope"]],
    ["153 for a flag given twice", 153, ["--id", "a", "--id", "b"]],
    ["152 for no level", 152, ["--level", "loud"]],
    ["134, a panic's, for a file that is not there", 134, ["--no-api", "--config-file", "/no"]],
    ["134 for a name that can't be", 134, ["--id", "a_b"]],
    ["1 for what volt does not have", 1, ["--enable-pci"]],
    ["134 for metadata that is not there", 134, ["--metadata", "/no/such/file"]],
    ["134 for metadata that is no JSON", 134, ["--metadata", import.meta.path]],
    ["1 for a time that is no number", 1, ["--start-time-us", "abc"]],
    ["1 for a time with a sign", 1, ["--start-time-cpu-us", "-1"]],
    ["1 for a parent's time that is too long", 1, ["--parent-cpu-time-us", "18446744073709551616"]],
    ["1 for a socket that can't be", 1, ["--api-sock", "/no/such/folder"]],
    ["1 for a socket whose path is too long", 1, ["--api-sock", `/tmp/${"x".repeat(200)}`]],
  ])("%s", async (_, expected, args) => {
    expect((await run(...args)).status).toBe(expected);
  });

  test.each([
    ["0 when the guest reboots", END.reset, 0],
    ["0 when it powers off", END.poweroff, 0],
    ["1 at a triple fault", END.tripleFault, 1],
    ["1 at an exit that nobody serves", END.unserved, 1],
  ])("%s", async (_, guest, expected) => {
    expect((await run("--no-api", "--config-file", configFile(guest))).status).toBe(expected);
  });

  test.each([
    ["SIGHUP", 156],
    ["SIGXCPU", 154],
    ["SIGXFSZ", 151],
    ["SIGSYS", 148],
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("of a machine that runs, at %s, %i", async (signal, expected) => {
    const socket = await start(END.spin);
    await ask(socket, "PUT", "/boot-source", boot());
    expect((await ask(socket, "PUT", "/actions", instanceStart)).status).toBe(204);
    scene.vm.signal(signal);
    expect((await scene.vm.end()).status).toBe(expected);
  });

  test("before the start, at SIGTERM, the signal's own", async () => {
    await start(END.spin);
    scene.vm.signal("SIGTERM");
    expect((await scene.vm.end()).status).toBe(143);
  });
});

test.each([
  ["a configuration", "--config-file", "Unable to open or read from the configuration file: "],
  ["metadata", "--metadata", "Unable to open or read from the mmds content file: "],
])("%s that can't be read is told in Firecracker's words, and no socket is left behind", async (_, flag, words) => {
  const { status, stdout, stderr } = await run("--api-sock", file("api"), flag, "/no/such/file");
  expect({ status, stderr: stderr.toString(), socket: existsSync(file("api")) }).toEqual({
    ...{ status: 134, stderr: "", socket: false },
  });
  expect(stdout.toString()).toContain(words);
  expect(stdout.toString()).not.toContain("exit_code");
});

test.each(["before the start", "of a machine that runs"])(
  "what kicks Firecracker's vCPUs ends nothing %s",
  async (when) => {
    const socket = await start(END.spin);
    const runs = when !== "before the start";
    await ask(socket, "PUT", "/boot-source", boot());
    if (runs) expect((await ask(socket, "PUT", "/actions", instanceStart)).status).toBe(204);
    // SIGRTMIN is 34 with glibc, 35 with musl, of which Firecracker is built.
    for (const signal of ["34", "35", "PIPE"]) {
      expect(Bun.spawnSync(["kill", `-${signal}`, String(scene.vm.pid)]).exitCode).toBe(0);
    }
    expect((await ask(socket, "GET", "/")).body).toMatchObject({ state: runs ? "Running" : "Not started" });
    if (!runs) return;
    scene.vm.signal("SIGTERM");
    const { stdout } = await scene.vm.end();
    expect(stdout.toString()).toContain("Received signal 13");
  },
);

const TELL_BOOT_TIMER = "mov ecx, 0xc0000000; mov byte ptr [rcx], 123;";

test.each([
  ["with --boot-timer", ["--boot-timer"], 1],
  ["without it", [], 0],
])("%s the log has the time of the guest's boot as often as it should", async (_, flags, times) => {
  const guest = `${TELL_BOOT_TIMER} ${TELL_BOOT_TIMER} ${print("up")} ${END.spin}`;
  const log = file("log");
  scene.start(["--no-api", "--config-file", configFile(guest), "--log-path", log, ...flags], {
    program: scene.firecracker,
  });
  await scene.vm.printed("up");
  await Bun.sleep(100);
  scene.vm.signal("SIGHUP");
  await scene.vm.end();
  const lines = readFileSync(log, "utf8").match(/Guest-boot-time = +\d+ us \d+ ms, +\d+ CPU us \d+ CPU ms\n/g) ?? [];
  expect(lines).toHaveLength(times);
});

test("a description in a file is started at once, with the API there", async () => {
  const socket = await start(END.spin, "--config-file", configFile(END.spin));
  while (((await ask(socket, "GET", "/")).body as { state: string }).state !== "Running") await Bun.sleep(5);
  expect((await ask(socket, "GET", "/machine-config")).body).toEqual({
    ...machine,
    smt: false,
    track_dirty_pages: false,
    huge_pages: "None",
  });
});

test("flintlock's flags start a machine that goes down by itself", async () => {
  const config = configFile(END.reset, { "machine-config": { ...machine, smt: true } });
  const { status, stdout } = await run("--id", "uid", "--boot-timer", "--no-api", "--config-file", config);
  expect(status).toBe(0);
  expect(stdout.toString()).toContain("Successfully started microvm that was configured from one single json");
  expect(stdout.toString()).toContain("exit_code=0");
});

test("a start that fails can be mended, and tried again", async () => {
  const socket = await start(END.spin);
  const fails = async (problem: string) => {
    const { status, body } = await ask(socket, "PUT", "/actions", instanceStart);
    expect(status).toBe(400);
    expect((body as { fault_message: string }).fault_message).toMatch(problem);
    expect((await ask(socket, "GET", "/")).body).toMatchObject({ state: "Not started" });
  };
  await ask(socket, "PUT", "/boot-source", { ...boot(), kernel_image_path: file("initrd") });
  await fails("no kernel");
  const other = file("other-kernel");
  await Bun.write(other, "x");
  await ask(socket, "PUT", "/boot-source", { ...boot(), kernel_image_path: other });
  writeFileSync(other, "");
  await fails(`Start microvm error: boot-source.kernel_image_path: ${other} is empty`);
  rmSync(other);
  await fails(`Start microvm error: boot-source.kernel_image_path: there is no file ${other}: check the path`);
  await ask(socket, "PUT", "/boot-source", boot());
  await ask(socket, "PUT", "/machine-config", { vcpu_count: 1, mem_size_mib: 2 ** 40 });
  await fails("mem_size_mib");
  await ask(socket, "PUT", "/machine-config", machine);
  expect((await ask(socket, "PUT", "/drives/a", disk())).status).toBe(204);
  rmSync(file("disk"));
  // The kernel and /dev/kvm are open by then.
  await fails("there is no file");
  await fails("there is no file");
  writeFileSync(file("disk"), new Uint8Array(4096));
  expect((await ask(socket, "PUT", "/actions", instanceStart)).status).toBe(204);
  expect((await ask(socket, "GET", "/")).body).toMatchObject({ state: "Running" });
  expect((await ask(socket, "GET", "/vm/config")).body).toMatchObject({ drives: [{ drive_id: "a" }] });
});

test("a start with more virtio devices than interrupt lines fails before anything is open, and one less starts", async () => {
  const socket = await start(END.spin);
  await ask(socket, "PUT", "/boot-source", boot());
  await ask(socket, "PUT", "/machine-config", machine);
  for (let i = 0; i < 14; i++) {
    writeFileSync(file(`disk${i}`), new Uint8Array(4096));
    const drive = { ...disk(), drive_id: `d${i}`, path_on_host: file(`disk${i}`) };
    expect((await ask(socket, "PUT", `/drives/d${i}`, drive)).status).toBe(204);
  }
  await ask(socket, "PUT", "/entropy", {});
  expect(await ask(socket, "PUT", "/actions", instanceStart)).toEqual({
    status: 400,
    body: {
      fault_message:
        "Start microvm error: devices: the interrupt lines allow 14 virtio devices, 15 were asked for (14 disks, 1 entropy device): take some away",
    },
  });
  expect((await ask(socket, "GET", "/")).body).toMatchObject({ state: "Not started" });
  scene.vm.signal("SIGTERM");
  await scene.vm.end();
  const drives = Array.from({ length: 14 }, (_, i) => {
    return { ...disk(), drive_id: `d${i}`, path_on_host: file(`disk${i}`) };
  });
  const config = configFile(END.reset, { drives });
  expect((await run("--no-api", "--config-file", config)).status).toBe(0);
});

test("its socket is taken, and stays", async () => {
  const socket = await start(END.spin);
  const { status, stdout } = await run("--api-sock", socket);
  expect(status).toBe(1);
  expect(stdout.toString()).toContain(
    `Failed to open the API socket at: ${socket}. Check that it is not already used.`,
  );
  scene.vm.signal("SIGTERM");
  await scene.vm.end();
  expect(statSync(socket).isSocket()).toBe(true);
});

test("a log that nobody reads makes nobody wait", async () => {
  const log = file("log");
  expect(Bun.spawnSync(["mkfifo", log]).exitCode).toBe(0);
  const socket = await start(END.spin, "--log-path", log);
  await curl(socket, ...Array.from({ length: 300 }, () => "http://localhost/"));
  expect((await ask(socket, "GET", "/version")).body).toEqual({ firecracker_version: "1.16.1" });
});

describe("metrics", () => {
  const lines = () =>
    readFileSync(file("metrics"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));

  test("asked for by the API have a line at the start, and tell what was asked before", async () => {
    const socket = await start(print("hello") + END.spin, "--id", "one");
    const wanted = { metrics_path: file("metrics"), emit_id: true };
    expect((await ask(socket, "PUT", "/metrics", wanted)).status).toBe(204);
    expect((await ask(socket, "PUT", "/metrics", wanted)).body).toEqual({
      fault_message:
        "Metrics error: Cannot initialize the metrics system due to bad user input: Reinitialization of metrics not allowed.",
    });
    await ask(socket, "PUT", "/boot-source", boot());
    await ask(socket, "PUT", "/drives/a", disk());
    // A start that fails begins volt anew; what it had counted and opened stays.
    rmSync(file("disk"));
    expect((await ask(socket, "PUT", "/actions", instanceStart)).status).toBe(400);
    expect(readFileSync(file("metrics"), "utf8")).toBe("");
    writeFileSync(file("disk"), new Uint8Array(4096));
    expect((await ask(socket, "PUT", "/actions", instanceStart)).status).toBe(204);
    await scene.vm.printed("hello");
    expect(lines()).toHaveLength(1);
    const [first] = lines();
    expect(first).toMatchObject({ id: "one", block_a: { read_count: 0 } });
    expect(first.put_api_requests).toMatchObject({
      ...{ metrics_count: 2, metrics_fails: 1, boot_source_count: 1, drive_count: 1 },
      ...{ actions_count: 2, actions_fails: 1, logger_count: 0 },
    });
    expect((await ask(socket, "PUT", "/metrics", wanted)).status).toBe(400);
    expect((await ask(socket, "PATCH", "/vm", { state: "Paused" })).status).toBe(204);
    expect((await ask(socket, "PUT", "/actions", { action_type: "FlushMetrics" })).status).toBe(204);
    scene.vm.signal("SIGHUP");
    expect((await scene.vm.end()).status).toBe(156);
    const [, flushed, last] = lines();
    expect(flushed.latencies_us.pause_vm).toBeGreaterThan(0);
    expect(flushed.put_api_requests).toMatchObject({ actions_count: 0, metrics_count: 1, metrics_fails: 1 });
    expect(flushed.uart.write_count + first.uart.write_count).toBe(5);
    expect(last.signals.sighup).toBe(1);
  });

  test("of a machine that goes down by itself are two lines", async () => {
    const flags = ["--metrics-path", file("metrics"), "--start-time-us", "1", "--start-time-cpu-us", "0"];
    const config = ["--api-sock", file("api"), "--config-file", configFile(print("x") + END.reset)];
    expect((await run(...flags, "--parent-cpu-time-us", "1000000", ...config)).status).toBe(0);
    expect(lines()).toHaveLength(2);
    const [first, last] = lines();
    expect(first.api_server.process_startup_time_us).toBeGreaterThan(0);
    expect(first.api_server.process_startup_time_cpu_us).toBeGreaterThan(1_000_000);
    expect(last.api_server).toEqual(first.api_server);
    expect(first.i8042.reset_count + last.i8042.reset_count).toBe(1);
  });

  test("can't be asked for when there are none", async () => {
    const socket = await start(END.spin);
    await ask(socket, "PUT", "/boot-source", boot());
    expect((await ask(socket, "PUT", "/actions", { action_type: "FlushMetrics" })).body).toEqual({
      fault_message: "The requested operation is not supported before starting the microVM.",
    });
    await ask(socket, "PUT", "/actions", instanceStart);
    expect((await ask(socket, "PUT", "/actions", { action_type: "FlushMetrics" })).status).toBe(204);
  });
});

test("a logger's settings change as they are put, before the start", async () => {
  const socket = await start(END.spin);
  const log = file("log");
  const put = async (settings: object) => (await ask(socket, "PUT", "/logger", settings)).status;
  expect(await put({ log_path: log, level: "dEbUg", show_level: true, show_log_origin: true })).toBe(204);
  expect(await put({ level: "Info", module: "vmm" })).toBe(204);
  await ask(socket, "GET", "/version");
  expect(await put({ level: "loud" })).toBe(400);
  expect(await put({ level: "Info", colour: "red" })).toBe(400);
  await ask(socket, "PUT", "/boot-source", boot());
  await ask(socket, "PUT", "/actions", instanceStart);
  expect(await put({ level: "Error" })).toBe(400);
  scene.vm.signal("SIGHUP");
  await scene.vm.end();
  const text = readFileSync(log, "utf8").trimEnd().split("\n");
  expect(text[0]).toMatch(/\[anonymous-instance:fc_api:INFO:src\/[^:]+:\d+\] The request was executed successfully/);
  expect(text[1]).toMatch(/DEBUG.*Total previous API call duration: \d+ us\.$/);
  // From the second request on only what comes from there.
  expect(text.slice(3)).toEqual([expect.stringMatching(/INFO.*\] Vmm is stopping\.$/)]);
});
