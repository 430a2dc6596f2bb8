/** Linux guests that engines set up call by call, without a file. */
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
} from "./engine-host.ts";
import { agentAt, agentSays } from "./engine-initrd.ts";
import { GuestTap } from "./tap.ts";
import { LIMIT, startVolt } from "./volt.ts";

setDefaultTimeout(LIMIT);
const BOOT_ARGS = "console=ttyS0 quiet reboot=k panic=1 pci=off";
const DONE = " 204";

test("Kata's Rust runtime: each request by itself, an agent behind CONNECT, a disk with its limits, the end by SIGKILL", async () => {
  const folder = await newFolder(
    `mkdir images; truncate -s 1M rootfs; for i in 1 2 3 4 5; do :>drive$i; done
     truncate -s 2M images/one; printf container | dd of=images/one conv=notrunc 2>/dev/null`,
  );
  const socket = `${folder}/fc.sock`;
  const command = [`${folder}/firecracker`, "--api-sock", socket, "--no-seccomp"];
  await using vm = await startVolt([], { command, env: { VOLT_ALLOW_PATH: `${folder}/images` } });
  await untilListening(socket);
  const drive = (drive_id: string, isRoot: boolean) => {
    const body = { drive_id, path_on_host: `${folder}/${drive_id}`, is_root_device: isRoot, is_read_only: isRoot };
    return ["PUT", `/drives/${drive_id}`, body] as const;
  };
  const started = await ask(socket, [
    ["PUT", "/boot-source", await bootSource(agentAt(1024), BOOT_ARGS)],
    ["PUT", "/machine-config", { mem_size_mib: 256, vcpu_count: 1 }],
    drive("rootfs", true),
    ...[1, 2, 3, 4, 5].map((i) => drive(`drive${i}`, false)),
    ["PUT", "/vsock", { guest_cid: 3, uds_path: `${folder}/kata.hvsock`, vsock_id: "root" }],
    ["PUT", "/actions", { action_type: "InstanceStart" }],
  ]);
  expect(new Set(started)).toEqual(new Set([DONE]));
  const agent = (script: string) => agentSays(vm, `${folder}/kata.hvsock`, 1024, script);
  expect(await threads(vm)).toContain("fc_vcpu 0\n");
  expect(await agent("cat /sys/block/vda/ro /sys/block/vda/size /sys/block/vdf/size")).toBe("1\n2048\n0\n");
  const no = { size: 0, refill_time: 0 };
  const body = { drive_id: "drive1", path_on_host: `${folder}/images/one`, rate_limiter: { bandwidth: no, ops: no } };
  expect(await ask(socket, [["PATCH", "/drives/drive1", body]])).toEqual([DONE]);
  expect(await agent(`${sized("vdb", 4096)}; ${first("vdb", 9)}`)).toBe("container");
  vm.signal("SIGKILL");
  expect((await vm.end()).status).toBe(137);
  await onHost(`rm -r ${folder}`);
});

test("Nomad's drivers: root is the first disk wherever it comes, a log in a FIFO, metadata, a pause, a balloon, Ctrl-Alt-Del", async () => {
  await using tap = await GuestTap.create();
  const folder = await newFolder(
    "truncate -s 1M one; truncate -s 2M two; mkfifo log; (cat log >log.read) >/dev/null 2>&1 &",
  );
  const socket = `${folder}/fc.sock`;
  await using vm = await startVolt([], { command: [`${folder}/firecracker`, "--api-sock", socket] });
  await untilListening(socket);
  const script = [
    `${tap.setUp} && ip route add 169.254.169.254 dev eth0`,
    "cat /sys/block/vda/size /sys/block/vdb/size; wget -q -O - http://169.254.169.254/task; echo; echo seen",
    "sleep 1000",
  ].join("; ");
  const drive = (drive_id: string, file: string, is_root_device: boolean) => {
    const body = { drive_id, path_on_host: `${folder}/${file}`, is_root_device, is_read_only: false };
    return ["PUT", `/drives/${drive_id}`, body] as const;
  };
  const started = await ask(socket, [
    ["PUT", "/logger", { log_path: `${folder}/log`, level: "Info" }],
    ["PUT", "/machine-config", { vcpu_count: 1, mem_size_mib: 256 }],
    ["PUT", "/boot-source", await bootSource(script, BOOT_ARGS)],
    drive("2", "two", false),
    drive("1", "one", true),
    ["PUT", "/network-interfaces/1", { iface_id: "1", host_dev_name: tap.name }],
    ["PUT", "/balloon", { amount_mib: 0, deflate_on_oom: true }],
    ["PUT", "/mmds/config", { version: "V1", network_interfaces: ["1"] }],
    ["PUT", "/mmds", { task: "a job" }],
    ["PUT", "/actions", { action_type: "InstanceStart" }],
  ]);
  expect(new Set(started)).toEqual(new Set([DONE]));
  await untilRunning(socket);
  await vm.printed("seen");
  expect(vm.stdout).toContain("2048\n4096\na job\nseen");
  const states = ["Paused", "Resumed"].map((state) => ["PATCH", "/vm", { state }] as const);
  const keys = ["PUT", "/actions", { action_type: "SendCtrlAltDel" }] as const;
  expect(await ask(socket, [...states, ["PATCH", "/balloon", { amount_mib: 16 }], keys])).toEqual(Array(4).fill(DONE));
  expect((await vm.end()).status).toBe(0);
  expect(await onHost(`cat ${folder}/log.read`)).toContain("Firecracker exiting successfully. exit_code=0");
  await onHost(`rm -r ${folder}`);
});
