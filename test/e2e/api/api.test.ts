/** The control API of a running machine, by curl, and by a client that breaks the rules. */
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { sceneOfEachTest } from "../../support/scene.ts";
import { END, tinyKernel } from "../cli/tiny-kernel.ts";
import { failure, volt } from "../cli/volt.ts";
import { ask, curl } from "./client.ts";

const scene = sceneOfEachTest();
const file = (name: string) => scene.folder.file(name);
/** A guest that spins until its end, and its API's socket. */
const start = (...flags: readonly string[]) => scene.startWithApi(END.spin, flags);

test("says what runs, and as whom", async () => {
  const socket = await start("--id", "one");
  expect(await ask(socket, "GET", "/")).toEqual({
    status: 200,
    body: { id: "one", state: "Running", vmm_version: expect.any(String), app_name: "volt" },
  });
  expect((await ask(socket, "GET", "/version")).body).toMatchObject({ firecracker_version: "1.16.1" });
  expect((await ask(socket, "GET", "/vm/config")).body).toMatchObject({ "machine-config": { mem_size_mib: 32 } });
  expect((await ask(socket, "GET", "/volt/timeline")).body).toContainEqual({
    phase: "VM is running",
    ms: expect.any(Number),
  });
});

test("its bytes are Firecracker's", async () => {
  const socket = await start();
  expect(await curl(socket, "-i", "-X", "PATCH", "-d", '{"state":"Paused"}', "http://localhost/vm")).toBe(
    "HTTP/1.1 204 \r\nServer: Firecracker API\r\nConnection: keep-alive\r\n\r\n",
  );
  expect(await curl(socket, "-i", "http://localhost/nowhere")).toBe(
    "HTTP/1.1 400 \r\nServer: Firecracker API\r\nConnection: keep-alive\r\nContent-Type: application/json\r\n" +
      'Content-Length: 68\r\n\r\n{"fault_message":"Invalid request method and/or path: GET nowhere."}',
  );
});

test("the machine stands still and goes on", async () => {
  const socket = await start();
  const state = async () => ((await ask(socket, "GET", "/")).body as { state: string }).state;
  for (const [wish, expected] of [
    ["Paused", "Paused"],
    ["Paused", "Paused"],
    ["Resumed", "Running"],
    ["Resumed", "Running"],
  ]) {
    expect(await ask(socket, "PATCH", "/vm", { state: wish })).toEqual({ status: 204, body: undefined });
    expect(await state()).toBe(expected!);
  }
});

test("a guest that is asked to stop has its time, also when it was paused", async () => {
  const socket = await start("--stop-timeout", "0.2");
  await ask(socket, "PATCH", "/vm", { state: "Paused" });
  expect((await ask(socket, "PUT", "/volt/stop")).status).toBe(204);
  const { status, stderr } = await scene.vm.end();
  expect(status).toBe(143);
  expect(stderr).toContain("did not shut down within 0.2 s");
});

test("the balloon has another size", async () => {
  const socket = await start("--balloon", "4");
  expect(await ask(socket, "PATCH", "/balloon", { amount_mib: 8 })).toMatchObject({ status: 204 });
  expect((await ask(socket, "GET", "/balloon")).body).toMatchObject({ amount_mib: 8, deflate_on_oom: true });
  expect((await ask(socket, "PATCH", "/balloon", { amount_mib: 1000 })).body).toEqual({
    fault_message: "Balloon update error: Requested memory should be less than 32MiB",
  });
});

test("a disk has another limit, and the size its file has now", async () => {
  const disk = file("disk");
  await Bun.write(disk, new Uint8Array(4096));
  const socket = await start("--disk", `${disk},id=data`);
  const rate_limiter = { bandwidth: { size: 1000, refill_time: 100 } };
  expect((await ask(socket, "PATCH", "/drives/data", { drive_id: "data", rate_limiter })).status).toBe(204);
  expect((await ask(socket, "PATCH", "/drives/data", { drive_id: "data", path_on_host: disk })).status).toBe(204);
  expect((await ask(socket, "PATCH", "/drives/data", { drive_id: "other" })).status).toBe(400);
  expect(JSON.stringify((await ask(socket, "PATCH", "/drives/no", { drive_id: "no", rate_limiter })).body)).toContain(
    "there is no disk no",
  );
});

describe("another file behind a disk", () => {
  const NAMED = "start the VM with --allow-path and this file or its folder. Please verify the request arguments.";
  const swap = (socket: string, path_on_host: string) =>
    ask(socket, "PATCH", "/drives/data", { drive_id: "data", path_on_host });
  const flags = (kind: string) => ["--disk", `${file("disk")},id=data,io=${kind}`, "--allow-path", file("images")];

  async function startWithDisk(kind: string, ...more: readonly string[]): Promise<string> {
    mkdirSync(file("images"));
    for (const name of ["disk", "images/a", "outside"]) writeFileSync(file(name), new Uint8Array(4096));
    return await start(...flags(kind), ...more);
  }
  const shownPath = async (socket: string) =>
    ((await ask(socket, "GET", "/vm/config")).body as { drives: { path_on_host: string }[] }).drives[0]!.path_on_host;

  test.each(["async", "sync"])("is one that --allow-path names, and the first one again (%s)", async (kind) => {
    const socket = await startWithDisk(kind);
    const image = file("images/a");
    // It came after the start.
    writeFileSync(file("images/late"), "");
    for (const path of [image, file("images/late"), file("disk"), image]) {
      expect(await swap(socket, path)).toEqual({ status: 204, body: undefined });
      expect(await shownPath(socket)).toBe(path);
    }
    expect(scene.vm.files()).toContain(image);
    expect(scene.vm.files().filter((path) => path === file("disk"))).toHaveLength(1);
  });

  test.each([
    ["in a root of its own", []],
    ["by Landlock alone", ["--no-namespaces"]],
    ["by the root alone", ["--no-landlock"]],
  ])("and nothing outside: %s", async (_, more) => {
    const socket = await startWithDisk("async", ...more);
    for (const path of [file("outside"), "/etc/passwd", file("images/../outside")]) {
      const { status, body } = await swap(socket, path);
      expect({ status, body }).toEqual({
        status: 400,
        body: { fault_message: `Unable to patch the block device: the sandbox keeps ${path} from volt: ${NAMED}` },
      });
    }
    expect(JSON.stringify((await swap(socket, file("images/none"))).body)).toContain("there is no file");
    expect(await shownPath(socket)).toBe(file("disk"));
    expect((await swap(socket, file("images/a"))).status).toBe(204);
  });

  test("and none that is another disk of this VM", async () => {
    const socket = await startWithDisk(
      "async",
      "--disk",
      `${file("outside")},id=more`,
      "--allow-path",
      file("outside"),
    );
    const { status, body } = await swap(socket, file("outside"));
    expect({ status, body }).toEqual({
      status: 400,
      body: {
        fault_message: `Unable to patch the block device: ${file("outside")} is this VM's disk more already: give each its own file, or make both read-only (ro). Please verify the request arguments.`,
      },
    });
    expect(await shownPath(socket)).toBe(file("disk"));
  });

  test("is found from the folder that volt was started in", async () => {
    for (const name of ["disk", "other"]) writeFileSync(file(name), new Uint8Array(4096));
    const disk = ["--disk", "disk,id=data", "--allow-path", file("other")];
    const socket = await scene.startWithApi(END.spin, disk, { cwd: scene.folder.path });
    for (const path of ["other", "disk", file("disk"), "other"]) {
      expect(await swap(socket, path)).toEqual({ status: 204, body: undefined });
    }
  });
});

test.each([
  ["PUT", "/boot-source", {}, "The requested operation is not supported after starting the microVM."],
  ["PUT", "/actions", { action_type: "InstanceStart" }, "not supported after starting the microVM."],
  ["PUT", "/drives/x", {}, "PCI is not enabled"],
  ["PUT", "/snapshot/create", {}, "volt does not have snapshots yet."],
  ["PUT", "/mmds", {}, "MMDS error: The MMDS data store is not initialized."],
  ["PATCH", "/balloon", { amount_mib: 1 }, "No balloon device found."],
  ["PATCH", "/vm", { state: "Gone" }, "unknown variant `Gone`"],
  ["PATCH", "/vm", { state: "Paused", x: 1 }, "unknown field `x`"],
])("%s %s with %p is refused", async (method, path, body, problem) => {
  const socket = await start("--no-balloon");
  const answer = await ask(socket, method, path, body);
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.body)).toContain(problem);
});

test("the socket is its user's alone, and no other start takes it over", async () => {
  const socket = await start();
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  const { run } = tinyKernel(scene.folder, END.spin);
  expect(await failure([...run, "--api", socket])).toBe(
    `--api: address in use: another program listens at ${socket}: give another path`,
  );
  expect((await ask(socket, "GET", "/")).status).toBe(200);
});

test("the socket's file goes with the VM; after a kill the next start takes it away", async () => {
  const socket = await start();
  scene.vm.signal("SIGKILL");
  await scene.vm.end();
  expect(existsSync(socket)).toBe(true);
  const end = await volt([...tinyKernel(scene.folder, END.reset).run, "--api", socket]);
  expect({ status: end.status, stderr: end.stderr }).toEqual({ status: 0, stderr: "" });
  expect(existsSync(socket)).toBe(false);
});

test("a start that fails leaves no socket behind", async () => {
  const { run } = tinyKernel(scene.folder, END.spin);
  const socket = file("api");
  expect(await failure([...run, "--api", socket, "--disk", "/nonexistent"])).toContain("/nonexistent");
  expect(await Bun.file(socket).exists()).toBe(false);
  expect(await failure([...run, "--api", "/nonexistent/x"])).toBe(
    "--api: there is no folder for /nonexistent/x: make it first",
  );
  expect(await failure([...run, "--api", `/tmp/${"x".repeat(200)}`])).toContain("is too long for a socket");
});
