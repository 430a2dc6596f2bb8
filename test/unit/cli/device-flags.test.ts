import { describe, expect, test } from "bun:test";
import { strictArguments } from "../../../src/cli/arguments.ts";
import { DEVICE_FLAGS, devicesOfFlags } from "../../../src/cli/device-flags.ts";

const disks = (...disk: string[]) => devicesOfFlags({}, { disk }).drives;
const nets = (...net: string[]) => devicesOfFlags({}, { net })["network-interfaces"];

test("no flags say nothing about devices", () => {
  expect(devicesOfFlags({}, {})).toEqual({});
});

describe("--disk", () => {
  test("is a path, with an id by its place", () => {
    expect(disks("a.img", "/b.img")).toEqual([
      { drive_id: "disk0", path_on_host: "a.img" },
      { drive_id: "disk1", path_on_host: "/b.img" },
    ]);
  });

  test("takes every option", () => {
    expect(disks("a.img,id=data,ro,root,direct,queues=4,cache=unsafe,io=sync")).toEqual([
      {
        drive_id: "data",
        path_on_host: "a.img",
        is_root_device: true,
        is_read_only: true,
        direct: true,
        num_queues: 4,
        cache_type: "Unsafe",
        io_engine: "Sync",
      },
    ]);
  });

  test.each([
    [",ro", "--disk: needs a value: --disk PATH"],
    ["a,rw", '--disk: "rw" is no option of it: there are id, ro, root, direct, queues, cache, io'],
    ["a,constructor", '--disk: "constructor" is no option of it: there are id, ro, root, direct, queues, cache, io'],
    ["a,ro,ro", "--disk: ro is given twice: once is enough"],
    ["a,ro=yes", "--disk: ro takes no value"],
    ["a,id=", "--disk: id needs a value: id=..."],
    ["a,id", "--disk: id needs a value: id=..."],
    ["a,queues=many", '--disk: queues: "many" is no number'],
  ])("%s: %s", (text, message) => {
    expect(() => disks(text)).toThrow(new Error(message));
  });
});

test("--net takes every option", () => {
  expect(nets("tap=tap0", "tap=tap1,mac=06:00:00:00:00:01,mtu=9000,vhost,queues=2,id=lan")).toEqual([
    { iface_id: "net0", host_dev_name: "tap0" },
    {
      iface_id: "lan",
      host_dev_name: "tap1",
      guest_mac: "06:00:00:00:00:01",
      mtu: 9000,
      vhost: true,
      queue_pairs: 2,
    },
  ]);
});

test("--vsock is a CID and a socket, or the host's kernel", () => {
  expect(devicesOfFlags({ vsock: "cid=3,path=v.sock" }, {})).toEqual({ vsock: { guest_cid: 3, uds_path: "v.sock" } });
  expect(devicesOfFlags({ vsock: "cid=3,vhost" }, {})).toEqual({ vsock: { guest_cid: 3, vhost: true } });
});

test("--balloon is a size, --no-rng takes the entropy device away", () => {
  expect(devicesOfFlags({ balloon: "1G", rng: false }, {})).toEqual({ balloon: { amount_mib: 1024 }, entropy: null });
});

test("--no-balloon takes the balloon away", () => {
  const { argv } = strictArguments(["--no-balloon"], DEVICE_FLAGS);
  expect(argv).toEqual(["--balloon="]);
  expect(devicesOfFlags({ balloon: "" }, {})).toEqual({ balloon: null });
});
