import { expect, test } from "bun:test";
import { BLK_CONFIG, blkConfig } from "../../../../../src/devices/virtio/blk/config.ts";
import { askHeaders } from "../../../ffi/headers.ts";

test("configuration space is laid out as in <linux/virtio_blk.h>", () => {
  const { type, header, fields } = BLK_CONFIG;
  const names = Object.keys(fields);
  const facts = askHeaders(
    names.flatMap((name) => [
      { header, name, expression: `offsetof(${type}, ${name})` },
      { header, name: `${name} width`, expression: `sizeof(((${type} *)0)->${name})` },
    ]),
  );
  const real = names.map((name) => [
    name,
    { offset: Number(facts.get(name)), bytes: Number(facts.get(`${name} width`)) },
  ]);
  expect(Object.fromEntries(real)).toEqual(fields);
});

test("a disk of 4 KiB blocks says so", () => {
  const config = new DataView(blkConfig({ capacity: 2 ** 40, blockSize: 4096, physicalSize: 16384, queues: 3 }).buffer);
  expect(config.getBigUint64(0, true)).toBe(2n ** 40n);
  expect(config.getUint32(20, true)).toBe(4096);
  expect(config.getUint8(24)).toBe(2);
  expect(config.getUint16(34, true)).toBe(3);
});
