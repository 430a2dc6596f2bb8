/** Many microVMs side by side, each started and controlled by its own API. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { ask, listening } from "../api/client.ts";
import { RunningVolt } from "../cli/process.ts";
import { END, print, tinyKernel } from "../cli/tiny-kernel.ts";
import { Folder } from "../cli/volt.ts";
import { firecracker } from "./program.ts";

/** How each is ended, in turn. */
const ENDS: readonly (readonly [end: (vm: RunningVolt, socket: string) => Promise<unknown>, status: number])[] = [
  [async (vm) => vm.signal("SIGTERM"), 143],
  [(_, socket) => ask(socket, "PUT", "/volt/kill"), 156],
  [async (vm) => vm.signal("SIGKILL"), 137],
  [async (vm) => vm.signal("SIGHUP"), 156],
];

/** Starts so many, pauses and changes them, ends them, and looks for what they left. */
export async function liveAndDie(count: number): Promise<void> {
  using folder = new Folder();
  const program = firecracker(folder);
  tinyKernel(folder, print("up") + END.halt);
  const places = Array.from({ length: count }, (_, i) => folder.file(String(i)));
  for (const place of places) {
    mkdirSync(place);
    writeFileSync(`${place}/disk`, new Uint8Array(4096));
  }
  const before = traces();
  const vms = places.map((cwd) => new RunningVolt(["--api-sock", "api", "--id", "one"], { program, cwd }));
  try {
    const sockets = places.map((place) => `${place}/api`);
    const all = async (method: string, path: string, body?: object) => {
      const answers = await Promise.all(sockets.map((socket) => ask(socket, method, path, body)));
      return answers.map((answer) => answer.body ?? answer.status);
    };
    const each = <T>(value: T): T[] => new Array(count).fill(value);
    const states = async () => (await all("GET", "/")).map((body) => (body as { state: string }).state);

    await Promise.all(sockets.map(listening));
    const boot = { kernel_image_path: folder.file("kernel"), initrd_path: folder.file("initrd") };
    const disk = { drive_id: "a", is_root_device: true, path_on_host: "disk" };
    expect(await all("PUT", "/machine-config", { vcpu_count: 1, mem_size_mib: 32 })).toEqual(each(204));
    expect(await all("PUT", "/boot-source", boot)).toEqual(each(204));
    expect(await all("PUT", "/drives/a", disk)).toEqual(each(204));
    expect(await all("PUT", "/balloon", { amount_mib: 0, deflate_on_oom: true })).toEqual(each(204));
    expect(await all("PUT", "/actions", { action_type: "InstanceStart" })).toEqual(each(204));
    expect(await states()).toEqual(each("Running"));
    await Promise.all(vms.map((vm) => vm.printed("up")));
    expect(await all("PATCH", "/vm", { state: "Paused" })).toEqual(each(204));
    expect(await states()).toEqual(each("Paused"));
    expect(await all("PATCH", "/vm", { state: "Resumed" })).toEqual(each(204));
    expect(await all("PATCH", "/balloon", { amount_mib: 8 })).toEqual(each(204));
    expect(await states()).toEqual(each("Running"));

    const ends = vms.map((_, i) => ENDS[i % ENDS.length]!);
    await Promise.all(vms.map((vm, i) => ends[i]![0](vm, sockets[i]!)));
    const found = await Promise.all(vms.map((vm) => vm.end()));
    expect(found.map(({ status }) => status)).toEqual(ends.map(([, status]) => status));
    expect(vms.filter(({ pid }) => existsSync(`/proc/${pid}`))).toEqual([]);
    expect(traces()).toEqual(before);
    // The socket is its caller's to remove, as with Firecracker.
    for (const place of places) expect(readdirSync(place).sort()).toEqual(["api", "disk"]);
  } finally {
    for (const vm of vms) await vm[Symbol.asyncDispose]();
  }
}

/** Where a VM that is gone might have left something. */
function traces(): unknown {
  return {
    children: readFileSync(`/proc/self/task/${process.pid}/children`, "utf8"),
    mounts: readFileSync("/proc/self/mounts", "utf8"),
    shared: readdirSync("/dev/shm"),
  };
}
