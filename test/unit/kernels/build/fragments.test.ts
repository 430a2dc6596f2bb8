import { describe, expect, test } from "bun:test";
import { collectWishes, wishesText } from "../../../../src/kernels/build/fragments.ts";

const none = (path: string): string => {
  throw new Error(`nobody reads ${path}`);
};
const wish = (option: string, fragments: string[] = [], settings: string[] = [], read = none) =>
  collectWishes(fragments, settings, read).find((found) => found.option === option);

describe("what a kernel is asked to have", () => {
  test("is volt's fragments, and debug only when asked for", () => {
    expect(wish("VIRTIO_MMIO")).toEqual({ option: "VIRTIO_MMIO", value: "y", by: "base" });
    expect(wish("EXT4_FS")?.by).toBe("fs");
    expect(wish("VSOCKETS")?.by).toBe("net");
    expect(wish("SECCOMP")?.by).toBe("security");
    expect(wish("KPROBES")).toBeUndefined();
    expect(wish("KPROBES", ["debug"])?.by).toBe("debug");
  });

  test("is a file's too, and a setting's most of all", () => {
    const read = (path: string) =>
      path === "mine.config" ? "# a comment\n\nCONFIG_BTRFS_FS=y\nCONFIG_IPV6=n\n" : none(path);
    expect(wish("BTRFS_FS", ["mine.config"], [], read)?.by).toBe("mine.config");
    expect(wish("IPV6", ["mine.config"], [], read)?.value).toBe("n");
    expect(wish("IPV6", ["mine.config"], ["IPV6=y"], read)).toEqual({ option: "IPV6", value: "y", by: "--set" });
    expect(wish("IPV6", [], ["CONFIG_IPV6=n"])?.value).toBe("n");
  });

  test("names every option once in the file for Kconfig", () => {
    const text = wishesText(collectWishes(["debug"], ["HZ_100=n", "X=0x10", 'Y="a b"', "Z=-5"], none));
    const names = [...text.matchAll(/^(?:# )?CONFIG_(\w+)/gm)].map(([, name]) => name);
    expect(names).toHaveLength(new Set(names).size);
    expect(text).toContain("# CONFIG_HZ_100 is not set\n");
    expect(text).toContain('CONFIG_X=0x10\nCONFIG_Y="a b"\nCONFIG_Z=-5\n');
  });

  test.each(["X", "X=", "X=yes", "X=y\nY=y", "=y", 'X="a"b"', "X Y=y"])("can't be %j", (setting) => {
    expect(() => collectWishes([], [setting], none)).toThrow(/^--set: [\s\S]*write OPTION=y/);
  });

  test("may have a comment behind a setting", () => {
    const text = 'CONFIG_A=y   # why\nCONFIG_B="x # y" # z\n';
    expect(wish("A", ["f"], [], () => text)?.value).toBe("y");
    expect(wish("B", ["f"], [], () => text)?.value).toBe('"x # y"');
  });

  test("is refused with as much of a line as a terminal stands, where the line is a binary's", () => {
    expect(() => collectWishes(["f"], [], () => `\x7fELF\x1b[2J${"x".repeat(1e6)}`)).toThrow(
      /^f: line 1: "\\x7fELF\\x1b\[2Jx+\.\.\." is no setting/,
    );
  });

  test("is refused where a fragment's line is no setting", () => {
    expect(() => collectWishes(["f"], [], () => "CONFIG_A=y\nCONFIG_B\n")).toThrow(
      'f: line 2: "CONFIG_B" is no setting: write CONFIG_OPTION=y',
    );
  });
});
