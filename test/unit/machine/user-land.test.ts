import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../../src/config/parse.ts";
import { userLand } from "../../../src/machine/user-land.ts";

const FILE = { fd: 3, name: "file", size: 1 };
const ROOT = { drive_id: "root", path_on_host: "disk.img", is_root_device: true };
const plan = (given: { command?: string[]; drives?: object[]; modules?: boolean; initrd?: boolean }) => ({
  config: parseConfig({ drives: given.drives ?? [], volt: given.command ? { command: given.command } : {} }, ""),
  modules: given.modules ? FILE : undefined,
  initrd: given.initrd ? FILE : undefined,
});

describe("the guest's first process", () => {
  test("is volt's own init, with or without a command, where there is no root disk", () => {
    const own = { hasOwnInit: true, ownInitStays: true, root: undefined };
    expect(userLand(plan({}))).toEqual(own);
    expect(userLand(plan({ command: ["ls"], drives: [{ ...ROOT, is_root_device: false }] }))).toEqual(own);
  });

  test("is the initrd's, if there is one", () => {
    const theirs = { hasOwnInit: false, ownInitStays: false, root: undefined };
    expect(userLand(plan({ initrd: true }))).toEqual(theirs);
    expect(userLand(plan({ initrd: true, drives: [ROOT], modules: true }))).toEqual(theirs);
  });

  test("is the root disk's, at once where the kernel can mount it", () => {
    expect(userLand(plan({ drives: [ROOT] }))).toEqual({ hasOwnInit: false, ownInitStays: false, root: undefined });
  });

  test("is the root disk's, after volt's own has loaded what mounts it", () => {
    const root = { device: "/dev/vda", readOnly: true };
    const land = userLand(plan({ drives: [{ ...ROOT, is_read_only: true }], modules: true }));
    expect(land).toEqual({ hasOwnInit: true, ownInitStays: false, root });
  });

  test("is volt's own, which runs a command on the root disk", () => {
    const root = { device: "/dev/vda", readOnly: false };
    const land = userLand(plan({ drives: [ROOT], command: ["ls"] }));
    expect(land).toEqual({ hasOwnInit: true, ownInitStays: true, root });
  });
});
