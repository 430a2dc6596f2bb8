/** A start that is cut off anywhere: the next one of the same name, sockets, disk and TAP goes as if it had never been. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { atMost, EMULATED } from "../../support/emulated.ts";
import { canMakeTaps, HostTap } from "../../support/host-tap.ts";
import { RunningVolt } from "./process.ts";
import { END, print, tinyKernel } from "./tiny-kernel.ts";
import { Folder, volt } from "./volt.ts";

/** Moments of a start, evenly spread from its first to the guest's first word. */
const MOMENTS = EMULATED ? 6 : 40;

test.each([
  ["SIGTERM", 143],
  ["SIGINT", 130],
  ["SIGHUP", 129],
  ["SIGKILL", 137],
] as const)(
  "%s at any moment of a start leaves nothing in the way of the next",
  async (signal, status) => {
    using folder = new Folder();
    using tap = canMakeTaps ? new HostTap() : undefined;
    const [api, vsock, disk, home] = ["api", "v.sock", "disk", "volt"].map((name) => folder.file(name));
    writeFileSync(disk!, new Uint8Array(4096));
    const { run } = tinyKernel(folder, print("up") + END.halt);
    const parts = ["--id", "web", "--api", api!, "--vsock", `cid=3,path=${vsock}`, "--disk", disk!];
    const line = [...run, ...parts, "--stop-timeout", "0", ...(tap ? ["--net", `tap=${tap.name}`] : [])];
    const env = { VOLT_RUNTIME_DIR: home! };

    const begin = performance.now();
    await using whole = new RunningVolt(line, { env });
    await whole.printed("up");
    const took = performance.now() - begin;
    whole.signal(signal);
    expect((await whole.end()).status).toBe(status);

    for (let moment = 0; moment < MOMENTS; moment++) {
      await using vm = new RunningVolt(line, { env });
      await Bun.sleep((took * moment) / MOMENTS);
      vm.signal(signal);
      const end = await vm.end();
      // One that an earlier start is in the way of says so, with status 125.
      expect([moment, end.status, end.status === status ? "" : end.stderr]).toEqual([moment, status, ""]);
    }

    tinyKernel(folder, print("up") + END.reset);
    const end = await volt(line, { env });
    expect(end).toEqual({ status: 0, stdout: Buffer.from("up"), stderr: "" });
    // What the dead leave is taken away by the next start, or by this.
    expect((await volt(["ps"], { env })).stdout.toString()).toBe("no VM runs\n");
    expect(readdirSync(home!)).toEqual([]);
    expect([api, vsock].filter((path) => existsSync(path!))).toEqual([]);
  },
  atMost(120_000),
);
