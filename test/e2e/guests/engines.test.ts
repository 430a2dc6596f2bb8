/** Linux guests that are booted the way engines boot them: by Firecracker's name, files and API, with an agent inside. */
import { expect, setDefaultTimeout, test } from "bun:test";
import {
  ask,
  bootSource,
  first,
  newFolder,
  onHost,
  sized,
  threads,
  untilListening,
  untilRunning,
  write,
} from "./engine-host.ts";
import { agentAt, agentSays } from "./engine-initrd.ts";
import { GuestTap } from "./tap.ts";
import { LIMIT, startVolt } from "./volt.ts";

setDefaultTimeout(LIMIT);
const ROUTE = "ip route add 169.254.169.254 dev eth0";
const AT = "http://169.254.169.254";

test("Kata's Go runtime: a file with placeholders, an agent behind CONNECT, a disk in and out, FIFOs, SIGTERM", async () => {
  // A partition table, as Kata's image has one: one partition from sector 8 on, as long as that.
  const table =
    "printf '\\203\\0\\0\\0\\010\\0\\0\\0\\010\\0\\0\\0' | dd of=kata.img bs=1 seek=450 conv=notrunc; printf '\\125\\252' | dd of=kata.img bs=1 seek=510 conv=notrunc";
  const folder = await newFolder(
    `mkdir images; truncate -s 8K kata.img; (${table}) 2>/dev/null; mkfifo log metrics
     for i in 0 1 2 3 4 5 6 7; do : >drive_$i; done; truncate -s 2M images/one; printf container | dd of=images/one conv=notrunc 2>/dev/null
     for f in log metrics; do (cat $f >$f.read) >/dev/null 2>&1 & done`,
  );
  const drive = (drive_id: string, path_on_host: string, is_read_only: boolean) => {
    return { drive_id, path_on_host: `${folder}/${path_on_host}`, is_root_device: false, is_read_only };
  };
  // With acpi=off, which Kata adds, Debian's kernel finds no virtio device: it was built without their kernel parameter.
  const boot_args =
    "console=ttyS0 quiet pci=off reboot=k panic=1 iommu=off net.ifnames=0 random.trust_cpu=on root=/dev/vda1";
  const boot = await bootSource(agentAt(1024), boot_args);
  await write(`${folder}/fcConfig.json`, {
    "boot-source": boot,
    "machine-config": { vcpu_count: 1, mem_size_mib: 256, smt: false },
    vsock: { guest_cid: 3, uds_path: `${folder}/kata.hvsock`, vsock_id: "root" },
    logger: { level: "Debug", log_path: `${folder}/log` },
    metrics: { metrics_path: `${folder}/metrics` },
    drives: [
      drive("rootfs", "kata.img", true),
      ...[..."01234567"].map((i) => drive(`drive_${i}`, `drive_${i}`, false)),
    ],
  });
  const socket = `${folder}/firecracker.socket`;
  const flags = ["--api-sock", socket, "--config-file", `${folder}/fcConfig.json`];
  const command = [`${folder}/firecracker`, ...flags];
  await using vm = await startVolt([], { command, env: { VOLT_ALLOW_PATH: `${folder}/images` } });
  await untilRunning(socket);
  const agent = (script: string) => agentSays(vm, `${folder}/kata.hvsock`, 1024, script);
  const plug = async (path_on_host: string) =>
    expect(await ask(socket, [["PATCH", "/drives/drive_0", { drive_id: "drive_0", path_on_host }]])).toEqual([" 204"]);

  expect(await threads(vm)).toMatch(/^firecracker\n(.*\n)*fc_vcpu 0\n/);
  expect(await agent("ls /dev/vd*; cat /sys/block/vda/ro /sys/block/vdb/size; grep -o root=.* /proc/cmdline")).toMatch(
    /^\/dev\/vda\n\/dev\/vda1\n\/dev\/vdb\n(.*\n){7}1\n0\nroot=\/dev\/vda1 /,
  );
  await plug(`${folder}/images/one`);
  expect(await agent(`${sized("vdb", 4096)}; ${first("vdb", 9)}`)).toBe("container");
  await plug(`${folder}/drive_0`);
  expect(await agent(`${sized("vdb", 0)}; echo empty`)).toBe("empty\n");
  vm.signal("SIGTERM");
  expect((await vm.end()).status).toBe(143);

  expect(await onHost(`cat ${folder}/log.read`)).toContain('request on "/drives/drive_0"');
  const [line = ""] = (await onHost(`cat ${folder}/metrics.read`)).split("\n");
  expect(JSON.parse(line)).toMatchObject({ block_drive_0: {}, vsock: {} });
  await onHost(`rm -r ${folder}`);
});

test("firecracker-containerd: the Go SDK's calls, metadata with a token, a stub that is a disk for a while, a reboot", async () => {
  await using tap = await GuestTap.create();
  const magic = "d6f4d8f5d7b1b1b1";
  const stub = magic.replace(/../g, (byte) => `\\${Number.parseInt(byte, 16).toString(8)}`);
  const folder = await newFolder(
    `mkdir images; truncate -s 512 ctrstub0 root; printf '${stub}\\003one' | dd of=ctrstub0 conv=notrunc 2>/dev/null
     truncate -s 2M images/one; printf image | dd of=images/one conv=notrunc 2>/dev/null`,
  );
  const socket = `${folder}/firecracker.sock`;
  const flags = ["--api-sock", "firecracker.sock", "--id", "one", "--no-seccomp"];
  const command = ["sh", "-c", `cd ${folder}; exec ./firecracker "$@"`, "sh", ...flags];
  await using vm = await startVolt([], { command, env: { VOLT_ALLOW_PATH: `${folder}/images` } });
  await untilListening(socket);
  const boot_args = "console=ttyS0 quiet reboot=k panic=1 pci=off";
  const boot = await bootSource(agentAt(10789), boot_args);
  const drive = (drive_id: string, path_on_host: string, is_root_device: boolean) => {
    return [
      "PUT",
      `/drives/${drive_id}`,
      { drive_id, path_on_host, is_root_device, is_read_only: is_root_device },
    ] as const;
  };
  const started = await ask(socket, [
    ["PUT", "/logger", { log_path: "log", level: "Info", show_level: true, show_log_origin: false }],
    ["PUT", "/machine-config", { vcpu_count: 1, mem_size_mib: 256, cpu_template: "T2" }],
    ["PUT", "/boot-source", boot],
    drive("root", "root", true),
    drive("stub0", "ctrstub0", false),
    ["PUT", "/network-interfaces/1", { iface_id: "1", host_dev_name: tap.name, guest_mac: "06:00:00:00:00:01" }],
    ["PUT", "/vsock", { guest_cid: 3, uds_path: "vm.vsock" }],
    ["PUT", "/mmds/config", { network_interfaces: ["1"], version: "V2" }],
    ["PUT", "/balloon", { amount_mib: 16, deflate_on_oom: true, stats_polling_interval_s: 1 }],
    ["PUT", "/actions", { action_type: "InstanceStart" }],
    ["PUT", "/mmds", { latest: { "meta-data": { id: "one" } } }],
  ]);
  expect(new Set(started)).toEqual(new Set([" 204"]));
  const agent = (script: string) => agentSays(vm, `${folder}/vm.vsock`, 10789, script);

  const token = `printf "PUT /latest/api/token HTTP/1.1\\r\\nX-metadata-token-ttl-seconds: 60\\r\\n\\r\\n" | nc 169.254.169.254 80 | tail -n 1`;
  const read = `wget -O - --header "X-metadata-token: $t" ${AT}/latest/meta-data/id 2>&1 | grep -o "one\\|two\\|HTTP/1.1 401"`;
  expect(await agent(`${tap.setUp} && ${ROUTE}; t=none; ${read}; t=$(${token}); ${read}`)).toBe("HTTP/1.1 401\none\n");
  expect(await ask(socket, [["PATCH", "/mmds", { latest: { "meta-data": { id: "two" } } }]])).toEqual([" 204"]);
  expect(await agent(`t=$(${token}); ${read}`)).toBe("two\n");

  const swap = (path_on_host: string) => ask(socket, [["PATCH", "/drives/stub0", { drive_id: "stub0", path_on_host }]]);
  const stubIs = `${magic}036f6e65`;
  const hex = `${first("vdb", 12)} | od -An -tx1 | tr -d " \\n"`;
  expect(await agent(hex)).toBe(stubIs);
  expect(await swap("images/one")).toEqual([" 204"]);
  expect(await agent(`${sized("vdb", 4096)}; ${first("vdb", 5)}`)).toBe("image");
  expect(await swap("ctrstub0")).toEqual([" 204"]);
  expect(await agent(`${sized("vdb", 1)}; ${hex}`)).toBe(stubIs);

  const paused = [
    ["PATCH", "/vm", { state: "Paused" }],
    ["PATCH", "/vm", { state: "Resumed" }],
  ] as const;
  expect(await ask(socket, paused)).toEqual([" 204", " 204"]);
  expect((await ask(socket, [["GET", "/balloon/statistics"]]))[0]).toMatch(
    /"actual_mib":16.*"total_memory":\d+.* 200$/,
  );
  expect(await agent("(sleep 1; reboot -f) >/dev/null 2>&1 & echo goes")).toBe("goes\n");
  expect((await vm.end()).status).toBe(0);
  expect(await onHost(`cat ${folder}/log`)).toContain("Firecracker exiting successfully. exit_code=0");
  await onHost(`rm -r ${folder}`);
});

test("flintlock: no API, cloud-init's reads of metadata without a token, two vCPUs with SMT, the end by SIGHUP", async () => {
  await using tap = await GuestTap.create();
  const folder = await newFolder("truncate -s 1M root");
  const script = [
    `${tap.setUp} && ${ROUTE}`,
    `wget -q -O - ${AT}/latest/meta-data; echo; wget -q -O - ${AT}/latest/user-data; echo`,
    "nproc; cat /sys/block/vda/size; echo seen; sleep 1000",
  ].join("; ");
  const boot_args = "console=ttyS0 quiet reboot=k panic=1 pci=off ds=nocloud-net;s=http://169.254.169.254/latest/";
  const boot = await bootSource(script, boot_args);
  const root = { drive_id: "root", path_on_host: `${folder}/root`, is_root_device: true, is_read_only: false };
  await write(`${folder}/metadata.json`, {
    latest: { "meta-data": "instance-id: one\nhost: x", "user-data": "#cloud-config" },
  });
  await write(`${folder}/vm.json`, {
    "boot-source": boot,
    "machine-config": { vcpu_count: 2, mem_size_mib: 256, smt: true },
    drives: [{ ...root, cache_type: "Unsafe" }],
    "network-interfaces": [{ iface_id: "eth0", host_dev_name: tap.name }],
    "mmds-config": { version: "V1", network_interfaces: ["eth0"] },
    logger: { level: "Debug", show_level: true, show_log_origin: true },
    metrics: { metrics_path: `${folder}/metrics` },
  });
  const flags = ["--id", "uid", "--boot-timer", "--no-api", "--config-file", `${folder}/vm.json`];
  const command = [`${folder}/firecracker`, ...flags, "--metadata", `${folder}/metadata.json`];
  await using vm = await startVolt([], { command });
  await vm.printed("seen");
  vm.signal("SIGHUP");
  const { status, stdout } = await vm.end();
  expect(status).toBe(156);
  // The log is on stdout too, before what the guest prints.
  expect(stdout).toContain("instance-id: one\nhost: x\n#cloud-config\n2\n2048\nseen\n");
  expect(stdout).toMatch(/ \[uid:main:INFO:src\/firecracker\/run\.ts:0\] Successfully started microvm/);
  expect((await onHost(`cat ${folder}/metrics`)).trimEnd().split("\n")).toHaveLength(2);
  await onHost(`rm -r ${folder}`);
});
