import { describe, expect, test } from "bun:test";
import { cpio } from "../../../src/boot/cpio.ts";
import { readCpio } from "../../../src/boot/cpio-read.ts";
import { selectModules } from "../../../src/boot/modules.ts";

const FOLDER = "lib/modules/6.1.0";
const file = (name: string, content: string) =>
  ({ kind: "file", path: `${FOLDER}/${name}`, data: Buffer.from(content) }) as const;
const ARCHIVE = cpio([
  { kind: "directory", path: "lib" },
  { kind: "directory", path: "lib/modules" },
  { kind: "directory", path: FOLDER },
  file("base.ko", "1"),
  file("middle-one.ko", "2"),
  file("disk_driver.ko", "3"),
  file("ext4.ko", "4"),
  file("other.ko", "5"),
  file(
    "modules.dep",
    "base.ko:\nmiddle-one.ko: base.ko\ndisk_driver.ko: middle-one.ko base.ko\next4.ko: base.ko\nother.ko:\n",
  ),
  file("modules.alias", "alias fs-ext4 ext4\nalias virtio:d2* disk_driver\nalias x other\n"),
]);

/** What an archive holds, as text by path; folders are "". */
function contents(archive: Uint8Array): Record<string, string> {
  return Object.fromEntries([...readCpio(archive)].map(({ path, data }) => [path, Buffer.from(data).toString()]));
}

describe("the modules of a guest", () => {
  test("are loaded after what they need, once each", () => {
    const found = contents(selectModules(ARCHIVE, { load: ["base", "disk-driver", "middle_one"], offer: [] }));
    expect(found["lib/modules/volt/order"]).toBe("6.1.0/base.ko\n6.1.0/middle-one.ko\n6.1.0/disk_driver.ko\n");
    expect(found[`${FOLDER}/disk_driver.ko`]).toBe("3");
    expect(found).not.toHaveProperty([`${FOLDER}/other.ko`]);
  });

  test("that are offered lie there for modprobe, with their other names, and are not loaded", () => {
    const found = contents(selectModules(ARCHIVE, { load: ["base"], offer: ["ext4"] }));
    expect(found["lib/modules/volt/order"]).toBe("6.1.0/base.ko\n");
    expect(found[`${FOLDER}/ext4.ko`]).toBe("4");
    expect(found[`${FOLDER}/modules.dep`]).toBe("base.ko:\next4.ko: base.ko\n");
    expect(found[`${FOLDER}/modules.alias`]).toBe("alias fs-ext4 ext4\n");
  });

  test("leave out what this kernel has built in", () => {
    const found = contents(selectModules(ARCHIVE, { load: ["virtio_mmio", "base"], offer: ["nothing"] }));
    expect(found["lib/modules/volt/order"]).toBe("6.1.0/base.ko\n");
  });
});

test.each([
  ["no archive", Buffer.from("#!/bin/sh\n"), "no cpio archive (at byte 0)"],
  ["half an archive", ARCHIVE.subarray(0, 550), "the cpio archive is cut short (at byte 508)"],
  ["one without a list", cpio([]), "the kernel's modules have no modules.dep"],
])("%s is refused", (_, archive, message) => {
  expect(() => selectModules(archive, { load: [], offer: [] })).toThrow(new Error(message));
});
