import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../../src/config/parse.ts";
import { readMetadata } from "../../../src/machine/metadata.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "volt-metadata-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(text: string, volt: { mmds_size_limit?: number } = {}, more: object = SERVICE) {
  const path = join(folder, "data");
  writeFileSync(path, text);
  return readMetadata(parseConfig({ ...more, volt: { ...volt, metadata_path: path } }, ""));
}
const SERVICE = {
  "network-interfaces": [{ iface_id: "a", host_dev_name: "tap0" }],
  "mmds-config": { network_interfaces: ["a"] },
};

test("metadata are the file's, without blanks", () => {
  expect(read('{ "b": 1.0,\n "a": null }\n')).toBe('{"a":null,"b":1.0}');
});

test("without a file there are none", () => {
  expect(readMetadata(parseConfig(SERVICE, ""))).toBeUndefined();
});

test.each<[string, string, { mmds_size_limit?: number }, object, RegExp]>([
  ["no JSON", "{\u001b[2J", {}, SERVICE, /^volt\.metadata_path: .*data: not JSON \([\x20-\x7e]*\)$/],
  ["too much", '{"a":"b"}', { mmds_size_limit: 8 }, SERVICE, /more than 8 bytes: raise volt\.mmds_size_limit$/],
  ["more than any", `"${"x".repeat(3 * 2 ** 20)}"`, {}, SERVICE, /has at most 2097152$/],
  [
    "for nobody",
    "{}",
    {},
    {},
    /^volt\.metadata_path: no interface has a metadata service: give a --config FILE with mmds-config$/,
  ],
])("metadata that are %s are refused", (_, text, volt, more, problem) => {
  expect(() => read(text, volt, more)).toThrow(problem);
});
