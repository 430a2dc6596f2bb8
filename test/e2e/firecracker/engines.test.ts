/**
 * What each engine does with its microVM, in its order: with guests of a few instructions, so the engine's own agent in the
 * guest says nothing here (in test/e2e/guests/engines.test.ts Linux does).
 */
import { beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { canMakeTaps, HostTap } from "../../support/host-tap.ts";
import { sceneOfEachTest } from "../../support/scene.ts";
import { ask, curl, listening } from "../api/client.ts";
import { END, tinyKernel } from "../cli/tiny-kernel.ts";
import { volt } from "../cli/volt.ts";

const scene = sceneOfEachTest();
beforeEach(() => {
  tinyKernel(scene.folder, END.spin);
});

const pathOf = (name: string) => scene.folder.file(name);
const file = (name: string, bytes: string | Uint8Array = "") => {
  writeFileSync(pathOf(name), bytes);
  return pathOf(name);
};
const boot = () => ({ kernel_image_path: pathOf("kernel"), initrd_path: pathOf("initrd") });
const NO_CONTENT = { status: 204, body: undefined };
const running = async (socket: string) => {
  for (;;) {
    const { body } = await ask(socket, "GET", "/");
    if ((body as { state: string }).state === "Running") return;
    await Bun.sleep(10);
  }
};

describe("Kata's Go runtime", () => {
  test("reads the version as it does", async () => {
    const { stdout } = await volt(["--version"], { program: scene.firecracker });
    const second = stdout.toString().split("\n")[0]!.split(" ")[1];
    expect(second).toMatch(/^v\d+\.\d+\.\d+$/);
  });

  test("starts from a file with placeholders, plugs a block device in and out, and ends it by SIGTERM", async () => {
    const [log, metrics] = ["logs.fifo", "metrics.fifo"].map(pathOf);
    expect(Bun.spawnSync(["mkfifo", log!, metrics!]).exitCode).toBe(0);
    const [reader, metricsReader] = [log, metrics].map((path) => Bun.spawn(["cat", path!], { stdout: "pipe" }));
    const placeholders = Array.from({ length: 8 }, (_, i) => ({
      drive_id: `drive_${i}`,
      path_on_host: file(`drive_${i}`),
      is_root_device: false,
      is_read_only: false,
    }));
    const config = {
      "boot-source": {
        ...boot(),
        boot_args: "pci=off reboot=k panic=1 iommu=off net.ifnames=0 random.trust_cpu=on acpi=off root=/dev/vda1",
      },
      "machine-config": { vcpu_count: 1, mem_size_mib: 64, smt: false },
      vsock: { guest_cid: 3, uds_path: pathOf("kata.hvsock"), vsock_id: "root" },
      logger: { level: "Debug", log_path: log },
      metrics: { metrics_path: metrics },
      drives: [
        {
          drive_id: "rootfs",
          path_on_host: file("kata.img", new Uint8Array(4096)),
          is_root_device: false,
          is_read_only: true,
        },
        ...placeholders,
      ],
    };
    const images = pathOf("images");
    mkdirSync(images);
    const image = file("images/container", new Uint8Array(2 ** 20));
    const flags = ["--config-file", file("fcConfig.json", JSON.stringify(config))];
    // Its flags are its own: what it may open besides is told by the environment.
    const socket = await scene.startFirecracker(flags, { env: { VOLT_ALLOW_PATH: images } });
    await running(socket);
    // It chmods this at once.
    expect(existsSync(pathOf("kata.hvsock"))).toBe(true);
    expect(scene.vm.threads()).toContain("fc_vcpu 0");
    for (const path_on_host of [image, pathOf("drive_0"), image]) {
      expect(await ask(socket, "PATCH", "/drives/drive_0", { drive_id: "drive_0", path_on_host })).toEqual(NO_CONTENT);
    }
    scene.vm.signal("SIGTERM");
    expect((await scene.vm.end()).status).toBe(143);
    expect(await new Response(reader!.stdout).text()).toContain('request on "/drives/drive_0"');
    // It parses each line by itself.
    const [first] = (await new Response(metricsReader!.stdout).text()).split("\n");
    expect(JSON.parse(first!)).toMatchObject({ block_drive_0: {}, utc_timestamp_ms: expect.any(Number) });
  });
});

test("Kata's Rust runtime: each request by itself, limits with the file, and the end is the end of stderr", async () => {
  const other = file("other", new Uint8Array(4096));
  const socket = await scene.startFirecracker(["--no-seccomp", "--allow-path", other]);
  const put = async (path: string, body: object) => expect(await ask(socket, "PUT", path, body)).toEqual(NO_CONTENT);
  const boot_args = "reboot=k panic=1 pci=off";
  await put("/boot-source", { ...boot(), boot_args });
  await put("/machine-config", { mem_size_mib: 64, vcpu_count: 1 });
  const rootfs = file("rootfs", new Uint8Array(4096));
  await put("/drives/rootfs", { drive_id: "rootfs", path_on_host: rootfs, is_root_device: true, is_read_only: true });
  for (const i of [1, 2, 3, 4, 5]) {
    const drive_id = `drive${i}`;
    await put(`/drives/${drive_id}`, {
      drive_id,
      path_on_host: file(drive_id),
      is_root_device: false,
      is_read_only: false,
    });
  }
  const vsock = await curl(
    socket,
    ...["-i", "-X", "PUT", "http://localhost/vsock", "-d"],
    JSON.stringify({ guest_cid: 3, uds_path: pathOf("kata.hvsock"), vsock_id: "root" }),
  );
  expect(vsock).toContain("Deprecation: true");
  await put("/actions", { action_type: "InstanceStart" });
  const rate_limiter = { bandwidth: { size: 0, refill_time: 0 }, ops: { size: 0, refill_time: 0 } };
  const patch = { drive_id: "drive1", path_on_host: other, rate_limiter };
  expect(await ask(socket, "PATCH", "/drives/drive1", patch)).toEqual(NO_CONTENT);
  scene.vm.signal("SIGKILL");
  // RunningVolt waits for the end of stderr too.
  expect((await scene.vm.end()).status).toBe(137);
});

// A TAP needs root, and /dev/net/tun.
test.if(canMakeTaps)(
  "firecracker-containerd: a socket in its folder, metadata, stubs that are images for a while",
  async () => {
    using tap = new HostTap();
    const magic = Buffer.from("d6f4d8f5d7b1b1b1", "hex");
    const stub = file("ctrstub0", Buffer.concat([magic, Buffer.from([3]), Buffer.from("one"), new Uint8Array(500)]));
    const images = pathOf("snapshots");
    mkdirSync(images);
    const image = file("snapshots/1", new Uint8Array(2 ** 20));
    const flags = ["--api-sock", "firecracker.sock", "--id", "one", "--allow-path", "snapshots"];
    scene.start(flags, { program: scene.firecracker, cwd: scene.folder.path });
    const socket = pathOf("firecracker.sock");
    await listening(socket);
    const machine = await curl(
      socket,
      ...["-i", "-X", "PUT", "http://localhost/machine-config", "-d"],
      JSON.stringify({ vcpu_count: 1, mem_size_mib: 64, cpu_template: "T2" }),
    );
    expect(machine).toStartWith("HTTP/1.1 204 \r\n");
    expect(machine).toContain("Deprecation: true\r\n");
    const bodies: [string, object][] = [
      ["/boot-source", boot()],
      [
        "/drives/root",
        { drive_id: "root", is_root_device: true, is_read_only: true, path_on_host: file("root", magic) },
      ],
      ["/drives/stub0", { drive_id: "stub0", is_root_device: false, is_read_only: false, path_on_host: stub }],
      ["/network-interfaces/1", { iface_id: "1", host_dev_name: tap.name, guest_mac: "06:00:00:00:00:01" }],
      ["/vsock", { guest_cid: 3, uds_path: "firecracker.vsock" }],
      ["/mmds/config", { network_interfaces: ["1"], version: "V2" }],
      ["/balloon", { amount_mib: 0, deflate_on_oom: true, stats_polling_interval_s: 1 }],
      ["/actions", { action_type: "InstanceStart" }],
    ];
    for (const [path, body] of bodies) expect(await ask(socket, "PUT", path, body)).toEqual(NO_CONTENT);
    expect(await ask(socket, "PUT", "/mmds", { latest: { id: "one" } })).toEqual(NO_CONTENT);
    expect(await ask(socket, "PATCH", "/mmds", { latest: { more: 1 } })).toEqual(NO_CONTENT);
    expect((await ask(socket, "GET", "/mmds")).body).toEqual({ latest: { id: "one", more: 1 } });
    const swap = (path_on_host: string) => ask(socket, "PATCH", "/drives/stub0", { drive_id: "stub0", path_on_host });
    const before = readFileSync(stub);
    for (const path of [image, stub, "snapshots/1", "ctrstub0"]) expect(await swap(path)).toEqual(NO_CONTENT);
    expect(readFileSync(stub)).toEqual(before);
    const refused = await swap("/var/lib/none");
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain("--allow-path");
    for (const state of ["Paused", "Resumed"]) expect(await ask(socket, "PATCH", "/vm", { state })).toEqual(NO_CONTENT);
    expect(await ask(socket, "PATCH", "/balloon/statistics", { stats_polling_interval_s: 3 })).toEqual(NO_CONTENT);
    expect((await ask(socket, "GET", "/balloon")).body).toMatchObject({ stats_polling_interval_s: 3 });
    scene.vm.signal("SIGTERM");
    expect((await scene.vm.end()).status).toBe(143);
  },
);

test("Nomad's driver: its drive is root wherever it came, and Ctrl-Alt-Del is pressed", async () => {
  const socket = await scene.startFirecracker();
  const drive = (drive_id: string, is_root_device: boolean) => {
    const path_on_host = file(`disk${drive_id}`, new Uint8Array(4096));
    return [`/drives/${drive_id}`, { drive_id, is_root_device, is_read_only: false, path_on_host }] as const;
  };
  const bodies = [
    ["/boot-source", boot()] as const,
    drive("2", false),
    drive("1", true),
    ["/actions", { action_type: "InstanceStart" }] as const,
  ];
  for (const [path, body] of bodies) expect(await ask(socket, "PUT", path, body)).toEqual(NO_CONTENT);
  const { drives } = (await ask(socket, "GET", "/vm/config")).body as { drives: { drive_id: string }[] };
  expect(drives.map(({ drive_id }) => drive_id)).toEqual(["1", "2"]);
  expect(await ask(socket, "PUT", "/actions", { action_type: "SendCtrlAltDel" })).toEqual(NO_CONTENT);
});

test("flintlock: no API, metadata and metrics from files, levels in the log, and the end by SIGHUP", async () => {
  const metrics = pathOf("metrics");
  const config = {
    "boot-source": { ...boot(), boot_args: "quiet" },
    "machine-config": { vcpu_count: 2, mem_size_mib: 64, smt: true },
    drives: [
      {
        drive_id: "root",
        path_on_host: file("root.img", new Uint8Array(4096)),
        is_root_device: true,
        is_read_only: false,
        cache_type: "Unsafe",
      },
    ],
    logger: { level: "Debug", show_level: true, show_log_origin: true },
    metrics: { metrics_path: metrics },
  };
  const metadata = file("metadata.json", JSON.stringify({ latest: { "meta-data": "instance-id: one" } }));
  const flags = [
    "--id",
    "uid",
    "--boot-timer",
    "--no-api",
    "--config-file",
    file("scene.vm.json", JSON.stringify(config)),
  ];
  scene.start([...flags, "--metadata", metadata], { program: scene.firecracker });
  await scene.vm.printed("Successfully started microvm that was configured from one single json");
  scene.vm.signal("SIGHUP");
  const { status, stdout } = await scene.vm.end();
  expect(status).toBe(156);
  expect(stdout.toString()).toMatch(/ \[uid:main:INFO:src\/firecracker\/run\.ts:0\] Successfully started microvm/);
  // One line at the start, one at the end.
  expect(readFileSync(metrics, "utf8").trimEnd().split("\n")).toHaveLength(2);
});
