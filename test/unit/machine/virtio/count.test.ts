import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../../../src/config/parse.ts";
import type { VmConfigInput } from "../../../../src/config/schema.ts";
import { checkDeviceCount } from "../../../../src/machine/virtio/count.ts";

const check = (config: VmConfigInput) => checkDeviceCount(parseConfig(config, ""));

const drives = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ drive_id: `d${i}`, path_on_host: `/images/${i}` }));
const cards = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ iface_id: `n${i}`, host_dev_name: `tap${i}` }));
const vsock = { guest_cid: 3, uds_path: "/v.sock" };

describe("virtio devices are as many as there are interrupt lines", () => {
  test.each<[string, VmConfigInput]>([
    ["none", {}],
    ["disks", { drives: drives(14) }],
    ["some of each kind", { drives: drives(9), "network-interfaces": cards(2), vsock, entropy: {}, balloon: {} }],
  ])("%s", (_, config) => {
    expect(() => check(config)).not.toThrow();
  });
});

describe("one more is refused, by how many there are of what:", () => {
  test.each<[string, VmConfigInput, string]>([
    ["disks", { drives: drives(15) }, "15 were asked for (15 disks)"],
    [
      "what a VM has anyway counts",
      { drives: drives(13), entropy: {}, balloon: {} },
      "15 were asked for (13 disks, 1 entropy device, 1 balloon)",
    ],
    [
      "every kind",
      {
        ...{ drives: drives(1), "network-interfaces": cards(12), vsock, entropy: {}, balloon: {} },
        volt: { console: "virtio" },
      },
      "17 were asked for (1 disk, 12 network cards, 1 vsock device, 1 entropy device, 1 virtio console, 1 balloon)",
    ],
  ])("%s", (_, config, counted) => {
    expect(() => check(config)).toThrow(
      `devices: the interrupt lines allow 14 virtio devices, ${counted}: take some away`,
    );
  });
});
