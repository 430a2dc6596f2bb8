/** The distribution's kernel as a user gets it: what it lacks as it is, and what `volt kernel install` makes of it. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debianCloudKernel } from "../../testbed/kernel.ts";
import { volt as run } from "../cli/volt.ts";
import { guest, LIMIT } from "./volt.ts";

setDefaultTimeout(LIMIT);
const home = mkdtempSync(join(tmpdir(), "volt-install-"));
afterAll(() => rmSync(home, { recursive: true }));
const env = { VOLT_HOME: home };
const DEVICES = ["--disk", "a.ext4", "--net", "tap=tap0", "--vsock", "cid=3,path=v", "--balloon", "8"];

async function check(name: string) {
  const { status, stdout } = await run(["kernel", "check", name, ...DEVICES], { env });
  return { status, text: stdout.toString() };
}

test("a stock kernel alone lacks the modules of volt's devices, each named by the flag that needs it", async () => {
  const { version, vmlinuz, root } = await debianCloudKernel();
  const config = join(root, `boot/config-${version}`);
  const { status } = await run(["kernel", "add", vmlinuz, "--name", "bare", "--kernel-config", config], { env });
  expect(status).toBe(0);
  const found = await check("bare");
  expect(found.status).toBe(1);
  for (const [option, flag] of [
    ["VIRTIO_MMIO", "virtio devices"],
    ["VIRTIO_BLK", "--disk"],
    ["VIRTIO_NET", "--net"],
    ["VIRTIO_VSOCKETS", "--vsock"],
    ["VIRTIO_BALLOON", "--balloon"],
  ]) {
    expect(found.text).toMatch(new RegExp(`^fail +CONFIG_${option} +${flag} +a module that is not in the store`, "m"));
  }
  expect(found.text).toContain("volt kernel install");
});

test("volt kernel install brings them, its kernel satisfies the check, and boots with them by its name", async () => {
  const installed = await run(["kernel", "install", "debian-cloud"], { env });
  expect({ status: installed.status, stderr: installed.stderr }).toMatchObject({ status: 0 });
  const { status, text } = await check("debian-cloud");
  expect({ status, failed: text.match(/^fail.*$/gm) }).toEqual({ status: 0, failed: null });

  const flags = ["--kernel", "debian-cloud", "--vsock", `cid=3,path=${join(home, "vsock")}`, "--balloon", "8"];
  const booted = await guest("ls /sys/bus/virtio/drivers; exit 6", flags, { env });
  expect(booted.status).toBe(6);
  for (const driver of ["virtio_rng", "vmw_vsock_virtio_transport", "virtio_balloon"]) {
    expect(booted.stdout).toContain(`${driver}\n`);
  }
});
