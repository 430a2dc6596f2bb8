import { describe, expect, test } from "bun:test";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { Fd } from "../../../../../ffi/fd.ts";
import { parseConfig } from "../../../../../src/config/parse.ts";
import type { BlkDevice } from "../../../../../src/devices/virtio/blk/device.ts";
import { blk } from "../../../../../src/devices/virtio/blk/kind.ts";
import { hasFeature } from "../../../../../src/devices/virtio/features.ts";
import { openDescriptors, openedSince } from "../../../../support/resources.ts";
import { SHARED } from "../support.ts";
import { closeSources, DiskGuest, Folder, openDevice, pattern, SECTOR } from "./support.ts";

const capacityOf = (config: Uint8Array) => new DataView(config.buffer, config.byteOffset).getUint32(0, true);

describe("a disk that can't be", () => {
  const refused = (make: (folder: Folder) => string, drive = {}) => {
    using folder = new Folder();
    const path = make(folder);
    const before = openDescriptors();
    let message = "";
    try {
      openDevice(path, drive);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(openedSince(before)).toEqual([]);
    return message.replace(path, "X");
  };

  test("is not there", () => {
    expect(refused(({ path }) => join(path, "none"))).toBe("drives.0.path_on_host: there is no file X: check the path");
  });

  test("is a directory", () => {
    expect(refused(({ path }) => path)).toBe("drives.0.path_on_host: X is a directory, not a file");
    expect(refused(({ path }) => path, { is_read_only: true })).toBe(
      "drives.0.path_on_host: X is a directory: a disk is a file or a block device",
    );
  });

  test("is a FIFO, which is not waited for", () => {
    const fifo = ({ path }: Folder) => {
      const name = join(path, "fifo");
      Bun.spawnSync(["mkfifo", name]);
      return name;
    };
    const message = "drives.0.path_on_host: X is a fifo: a disk is a file or a block device";
    expect(refused(fifo)).toBe(message);
    expect(refused(fifo, { is_read_only: true })).toBe(message);
  });

  test("is a character device", () => {
    expect(refused(() => "/dev/zero")).toBe(
      "drives.0.path_on_host: X is a character: a disk is a file or a block device",
    );
  });

  test("is below a file", () => {
    expect(refused((folder) => join(folder.file("a", pattern(1)), "b"))).toContain("ENOTDIR");
  });
});

describe("a disk in use", () => {
  test("by a VM that writes it is nobody else's", () => {
    using folder = new Folder();
    const path = folder.file("a", pattern(1));
    {
      using _ = openDevice(path);
      expect(() => openDevice(path)).toThrow(
        `drives.0.path_on_host: ${path} is in use by another VM: end that one, or let both use it read-only (ro)`,
      );
      expect(() => openDevice(path, { is_read_only: true })).toThrow(
        "end that one, or let it use the disk read-only too",
      );
    }
    using again = openDevice(path);
    expect(again.name).toBe("disk0");
  });

  test("by readers is open to more readers, and to no writer", () => {
    using folder = new Folder();
    const path = folder.file("a", pattern(1));
    using _ = openDevice(path, { is_read_only: true });
    using __ = openDevice(path, { is_read_only: true });
    expect(() => openDevice(path)).toThrow("is in use by another VM");
  });

  test("twice by the same VM is refused too", () => {
    using folder = new Folder();
    const path_on_host = folder.file("a", pattern(1));
    const drives = ["a", "b"].map((drive_id) => ({ drive_id, path_on_host }));
    const before = openDescriptors();
    expect(() => blk.open!(parseConfig({ drives }, ""))).toThrow(
      `drives.1.path_on_host: ${path_on_host} is this VM's disk a already: give each its own file, or make both read-only (ro)`,
    );
    const [one, two] = [drives[0]!, { ...drives[1]!, is_read_only: true }];
    expect(() => blk.open!(parseConfig({ drives: [one, two] }, ""))).toThrow("is this VM's disk a already");
    expect(openedSince(before)).toEqual([]);
  });
});

describe("a disk", () => {
  test("that is empty is legal, and has no sector", () => {
    using guest = new DiskGuest(0);
    expect(capacityOf(guest.device.config)).toBe(0);
    expect(() => guest.read(0, 1)).toThrow("status 1");
    expect(guest.flush()).toBe(0);
  });

  test("of no whole number of sectors has those that are whole, and the log says so", () => {
    using folder = new Folder();
    const path = folder.file("a", new Uint8Array(3 * SECTOR + 7));
    using device = openDevice(path);
    expect(capacityOf(device.config)).toBe(3);
    expect(device.notes).toEqual([`the last 7 bytes of ${path} are no whole block: the guest does not see them`]);
  });

  test("that is read-only says so, and offers nothing that writes", () => {
    using folder = new Folder();
    using device = openDevice(folder.file("a", pattern(1)), { is_read_only: true });
    expect([5, 13, 14].map((bit) => hasFeature(device.features, bit))).toEqual([true, false, false]);
  });

  test("offers flushes unless they are dropped", () => {
    using folder = new Folder();
    using kept = openDevice(folder.file("a", pattern(1)));
    using dropped = openDevice(folder.file("b", pattern(1)), { cache_type: "Unsafe" });
    expect([kept, dropped].map(({ features }) => hasFeature(features, 9))).toEqual([true, false]);
  });

  test("with several queues offers them", () => {
    using folder = new Folder();
    using device = openDevice(folder.file("a", pattern(1)), { num_queues: 4 });
    expect(hasFeature(device.features, 12)).toBe(true);
    expect(device.queueSizes).toEqual([256, 256, 256, 256]);
  });

  test("that is the root comes first, the others as they were given", () => {
    using folder = new Folder();
    const drives = ["a", "b", "c"].map((drive_id) => ({
      drive_id,
      path_on_host: folder.file(drive_id, pattern(1)),
      is_root_device: drive_id === "c",
    }));
    const config = parseConfig({ drives }, "");
    const devices = blk.create(config, blk.open!(config), SHARED) as BlkDevice[];
    expect(devices.map(({ name }) => name)).toEqual(["c", "a", "b"]);
    for (const device of devices) device[Symbol.dispose]();
  });

  test("is opened with a descriptor that survives an exec, and requests that wait", () => {
    using folder = new Folder();
    const config = parseConfig({ drives: [{ drive_id: "a", path_on_host: folder.file("a", pattern(1)) }] }, "");
    const opened = JSON.parse(JSON.stringify(blk.open!(config)));
    const flags = Bun.spawnSync(["cat", `/proc/${process.pid}/fdinfo/${opened.disks[0].fd}`]).stdout.toString();
    // 0100000 O_LARGEFILE, 02 O_RDWR: neither O_CLOEXEC nor O_NONBLOCK.
    expect(/flags:\s*(\d+)/.exec(flags)?.[1]).toMatch(/^0?100002$/);
    for (const fd of [opened.disks[0].fd, opened.disks[0].name, opened.watch.fd]) new Fd(fd, "").close();
  });
});

describe("a file that gets another size", () => {
  test("is noticed: the driver is told of the new capacity", () => {
    using guest = new DiskGuest(64);
    guest.driver.takeInterrupt();
    // By another program, as a user would.
    Bun.spawnSync(["truncate", "-s", String(128 * SECTOR), guest.path]);
    guest.rig.finish();
    expect(guest.driver.takeInterrupt()).toBe(2);
    expect(guest.driver.read(0x100)).toBe(128);
    expect(guest.read(127, 1)).toEqual(new Uint8Array(SECTOR));
    guest.expectRecovery();
    Bun.spawnSync(["truncate", "-s", String(8 * SECTOR), guest.path]);
    guest.rig.finish();
    expect(guest.driver.read(0x100)).toBe(8);
    expect(() => guest.read(8, 1)).toThrow("status 1");
    guest.expectRecovery();
  });

  test("and is looked at on demand", () => {
    using guest = new DiskGuest(64);
    guest.driver.takeInterrupt();
    guest.device.resize();
    expect(guest.driver.takeInterrupt()).toBe(0);
    truncateSync(guest.path, 65 * SECTOR);
    guest.device.resize();
    expect(guest.driver.takeInterrupt()).toBe(2);
    expect(guest.driver.read(0x100)).toBe(65);
  });

  test("what the guest itself writes wakes nobody", () => {
    using guest = new DiskGuest(64);
    for (let i = 0; i < 10; i++) guest.write(i, pattern(1, i));
    expect(guest.rig.turn()).toBe(0);
  });
});

test("gives every descriptor back", () => {
  using folder = new Folder();
  const path = folder.file("a", pattern(1));
  const before = openDescriptors();
  for (const drive of [{}, { direct: true }, { io_engine: "Sync" }] as const) {
    const device = openDevice(path, drive);
    device[Symbol.dispose]();
    closeSources(device);
  }
  expect(openedSince(before)).toEqual([]);
});
