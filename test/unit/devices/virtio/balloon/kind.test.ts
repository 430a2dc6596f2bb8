import { expect, test } from "bun:test";
import { parseConfig } from "../../../../../src/config/parse.ts";
import { balloon } from "../../../../../src/devices/virtio/balloon/kind.ts";
import { SHARED } from "../support.ts";

const config = (amount_mib?: number) => parseConfig(amount_mib === undefined ? {} : { balloon: { amount_mib } }, "");

test("a VM has a balloon where its configuration has one", () => {
  expect(balloon.create(config(), undefined, SHARED)).toEqual([]);
  expect(balloon.create(config(0), undefined, SHARED).map(({ name }) => name)).toEqual(["balloon"]);
});

test("no guest can give up more memory than it has", () => {
  expect(() => balloon.open?.(config(128))).not.toThrow();
  expect(() => balloon.open?.(config(129))).toThrow("--balloon: a guest of 128 MiB can't give up 129: ask for less");
});
