import { expect, test } from "bun:test";
import { parseConfig } from "../../../../../src/config/parse.ts";
import type { VmConfigInput } from "../../../../../src/config/schema.ts";
import { ConsoleDevice } from "../../../../../src/devices/virtio/console/device.ts";
import { takesPipes } from "../../../../../src/devices/virtio/console/stdio.ts";
import { createDevices, deviceKinds } from "../../../../../src/devices/virtio/registry.ts";
import { SHARED } from "../support.ts";

const size = { columns: 0, rows: 0 };
const VIRTIO = { volt: { console: "virtio" } } satisfies VmConfigInput;
const parsed = (input: VmConfigInput) => parseConfig(input, "");

test("a VM has the device where it is its console", async () => {
  const created = async (input: VmConfigInput) => {
    const kinds = await deviceKinds(parsed(input));
    return createDevices(kinds, parsed(input), { console: { size, hasStdio: false } }, SHARED).devices;
  };
  expect(await created({})).toEqual([]);
  expect(await created({ volt: { console: "none" } })).toEqual([]);
  expect(await created(VIRTIO)).toEqual([expect.any(ConsoleDevice)]);
});

test("it has ports for pipes only where volt's own init is who uses them", () => {
  const disk = { drive_id: "d", path_on_host: "/disk", is_root_device: true };
  const has = (input: VmConfigInput) => takesPipes(parsed(input));
  expect(has(VIRTIO)).toBe(true);
  expect(has({})).toBe(false);
  expect(has({ ...VIRTIO, "boot-source": { initrd_path: "/initrd" } })).toBe(false);
  expect(has({ ...VIRTIO, drives: [disk] })).toBe(false);
  expect(has({ volt: { ...VIRTIO.volt, command: ["true"] }, drives: [disk] })).toBe(true);
});
