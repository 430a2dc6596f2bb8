/** volt as a container's entrypoint: its own bundle, run by Debian's runc. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { imageSettings } from "../../../deploy/image.ts";
import { memoryForGuest } from "../../../src/host/memory-limit.ts";
import { engineProfile } from "../../support/engine-seccomp.ts";
import { ContainerImage } from "./container.ts";
import { FILL } from "./steps.ts";
import { LIMIT } from "./volt.ts";

setDefaultTimeout(LIMIT);

let image: ContainerImage;
beforeAll(async () => {
  image = await ContainerImage.make();
}, LIMIT);
afterAll(async () => await image[Symbol.asyncDispose]());

/** What volt reads in a container with this limit, in MiB. */
function containerWith(limit: number): (path: string) => string | undefined {
  const files: Readonly<Record<string, string>> = {
    "/proc/self/mountinfo": "1 1 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
    "/proc/self/cgroup": "0::/\n",
    "/sys/fs/cgroup/memory.max": `${limit * 2 ** 20}\n`,
  };
  return (path) => files[path];
}

const STAYS = "while :; do sleep 0.2; done";
/** It answers with a status of its own. Without standard error: the shell tells that the button ended its `sleep` too. */
const LISTENS = `exec 2>/dev/null; trap "echo stopping; exit 3" TERM; echo up; ${STAYS}`;
const DEAF = `trap "" TERM; echo up; ${STAYS}`;

test("the bundle's settings are the Containerfile's", () => {
  const { entrypoint, env } = imageSettings();
  expect(image.config()).toMatchObject({
    process: { args: entrypoint, env: Object.entries(env).map(([name, value]) => `${name}=${value}`) },
    root: { path: "rootfs", readonly: true },
  });
});

test("a guest's output and status come out of a container that can do nothing and write nothing", async () => {
  await using container = await image.start({ args: ["--", "sh", "-c", "echo hello; exit 7"] });
  expect(await container.vm.end()).toMatchObject({ status: 7, stdout: "hello\n", log: "" });
});

test("volt is its first process, answers the health check, hears a stop, and hands the guest's status on", async () => {
  await using container = await image.start({ args: ["--", "sh", "-c", LISTENS] });
  await container.vm.printed("up\n");
  const { healthCheck, stopSignal } = imageSettings();

  expect(await container.exec(...healthCheck)).toEqual({ status: 0, text: "Running" });
  const status = await container.vm.onHost(`cat /proc/${await container.pid()}/status`);
  expect(status).toMatch(/^Name:\tvolt$/m);
  expect(status).toMatch(/^NSpid:\t\d+\t1$/m);
  expect(status).toMatch(/^CapBnd:\t0+$/m);
  expect(status).toMatch(/^Seccomp:\t2$/m);
  await container.signal(stopSignal);
  expect(await container.vm.end()).toMatchObject({ status: 3, stdout: "up\nstopping\n", log: "" });
});

test("a guest that does not listen is ended before an engine's patience is over, with 128 and the signal", async () => {
  await using container = await image.start({ args: ["--", "sh", "-c", DEAF], env: { VOLT_STOP_TIMEOUT: "1" } });
  await container.vm.printed("up\n");
  await container.signal("TERM");
  expect(await container.vm.end()).toMatchObject({
    status: 143,
    log: "volt: warn: the guest did not shut down within 1 s: ended (--stop-timeout)\n",
  });
});

test("the memory limit is the guest's, and a guest that uses all it has does not bring the container down", async () => {
  const limit = 256;
  // All but a little: a guest without any memory panics.
  const most = "$(awk '/^MemAvailable/{print $2 - 12288}' /proc/meminfo)k";
  const script = `awk '/^MemTotal/{print "total " $2}' /proc/meminfo; ${FILL.replace("120m", most)}; echo full; ${STAYS}`;
  await using container = await image.start({ args: ["--", "sh", "-c", script], memoryMib: limit });
  await container.vm.printed("full\n");
  const given = memoryForGuest(1, containerWith(limit))!;
  const total = Number(/total (\d+)/.exec(container.vm.stdout)?.[1]) / 1024;
  // What the kernel keeps for itself is not in MemTotal.
  expect(total).toBeGreaterThan(given * 0.75);
  expect(total).toBeLessThan(given);
  expect(await container.cgroup("memory.max")).toBe(`${limit * 2 ** 20}\n`);
  // All of it came from the host, and the host killed nobody.
  const used = Number(await container.cgroup("memory.current"));
  expect(used).toBeGreaterThan(given * 2 ** 20 * 0.9);
  expect(await container.cgroup("memory.events")).toMatch(/^oom 0$/m);
  await container.signal("HUP");
  expect((await container.vm.end()).status).toBe(129);
});

test("an ordinary user under an engine's seccomp profile, which forbids namespaces and io_uring, gets the other layers", async () => {
  await using container = await image.start({
    args: ["--log-level", "info", "--", "sh", "-c", "echo hello; exit 7"],
    user: { uid: 1000, gid: 1000 },
    seccomp: engineProfile(),
  });
  const { status, stdout, log } = await container.vm.end();
  expect({ status, stdout }).toEqual({ status: 7, stdout: "hello\n" });
  expect(log).toContain("no namespaces here");
});
