/** `PUT /serial`: where the serial port's output goes, and how much of it. */
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { sceneOfEachTest } from "../../support/scene.ts";
import { ask } from "../api/client.ts";
import { END, print, tinyKernel } from "../cli/tiny-kernel.ts";

const scene = sceneOfEachTest();
const file = (name: string) => scene.folder.file(name);

/** Before the start of a machine whose serial port is set up so. */
const serialStart = async (guest: string, serial: object) => {
  const socket = await scene.startFirecracker();
  tinyKernel(scene.folder, guest);
  const boot = { kernel_image_path: file("kernel"), initrd_path: file("initrd") };
  await ask(socket, "PUT", "/boot-source", boot);
  expect((await ask(socket, "PUT", "/serial", serial)).status).toBe(204);
  return { socket, start: () => ask(socket, "PUT", "/actions", { action_type: "InstanceStart" }) };
};

describe("the serial port's output", () => {
  test("goes into a file, behind what is there, and none of it to stdout", async () => {
    writeFileSync(file("serial"), "before ");
    const vm = await serialStart(print("hello") + END.reset, { serial_out_path: file("serial") });
    expect((await vm.start()).status).toBe(204);
    const { status, stdout } = await scene.vm.end();
    expect({ status, printed: readFileSync(file("serial"), "utf8") }).toEqual({ status: 0, printed: "before hello" });
    expect(stdout.toString()).not.toContain("hello");
  });

  test("into a FIFO that nobody reads makes no guest wait", async () => {
    expect(Bun.spawnSync(["mkfifo", file("serial")]).exitCode).toBe(0);
    // More than a pipe holds: 200,000 bytes.
    const flood = "mov ecx, 200000; mov dx, 0x3f8; 1: out dx, al; loop 1b;";
    const vm = await serialStart(flood + END.reset, { serial_out_path: file("serial") });
    expect((await vm.start()).status).toBe(204);
    expect((await scene.vm.end()).status).toBe(0);
  });

  test("is no more than its limit, and what was lost is counted", async () => {
    const rate_limiter = { size: 64, refill_time: 3_600_000 };
    const text = "x".repeat(100);
    const metrics = { metrics_path: file("metrics") };
    const vm = await serialStart(print(text) + END.reset, { serial_out_path: file("serial"), rate_limiter });
    await ask(vm.socket, "PUT", "/metrics", metrics);
    expect((await vm.start()).status).toBe(204);
    await scene.vm.end();
    const lines = readFileSync(file("metrics"), "utf8").trimEnd().split("\n");
    const lost = lines.reduce((sum, line) => sum + JSON.parse(line).uart.rate_limiter_dropped_bytes, 0);
    expect(readFileSync(file("serial"), "utf8").length + lost).toBe(100);
    expect(lost).toBeWithin(36, 100);
  });

  test("nowhere is told at the start, and can be mended", async () => {
    const vm = await serialStart(END.reset, { serial_out_path: "/nonexistent/x" });
    expect(JSON.stringify((await vm.start()).body)).toContain("there is no folder for /nonexistent/x");
    expect((await ask(vm.socket, "PUT", "/serial", {})).status).toBe(204);
    expect((await vm.start()).status).toBe(204);
    expect((await scene.vm.end()).status).toBe(0);
  });
});
