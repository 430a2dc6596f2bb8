import { expect, test } from "bun:test";
import { openVhost } from "../../../../../src/devices/virtio/vhost/open.ts";

test("a host without the device is told which module brings it", () => {
  expect(() => openVhost("/dev/vhost-nothing", "--net")).toThrow(
    "--net: /dev/vhost-nothing: this host has none: load its module (modprobe vhost_nothing), or leave vhost out",
  );
});
