import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { contents } from "../../../deploy/contents.ts";
import { imageSettings } from "../../../deploy/image.ts";
import { runtimeConfig } from "../../../deploy/runtime-config.ts";
import { LOADER, NEEDED } from "../../../src/security/libraries.ts";
import { foreignVariables } from "./variables.ts";

const paths = new Map(contents("/volt").map((entry) => [entry.path, entry]));

describe("the image", () => {
  test("has what volt needs to come up, and nothing that the list does not name", () => {
    const files = [...paths.values()].filter((entry) => "from" in entry);
    expect(files.map(({ path }) => path).sort()).toEqual(
      ["usr/bin/volt", ...NEEDED.map((name) => `lib64/${name}`)].sort(),
    );
    expect(paths.has(LOADER.slice(1))).toBe(true);
    for (const { from, path } of files) expect([path, from === "/volt" || existsSync(from)]).toEqual([path, true]);
  });

  test("starts and is asked by a program that is in it", () => {
    const { entrypoint, healthCheck, stopSignal } = imageSettings();
    expect(entrypoint).toEqual(["/usr/bin/volt", "run"]);
    expect(healthCheck).toEqual(["/usr/bin/volt", "health"]);
    expect(stopSignal).toBe("SIGTERM");
    expect(paths.has(entrypoint[0]!.slice(1))).toBe(true);
  });

  test("has its kernels where its environment says, and sets no variable that volt does not know", () => {
    const { env } = imageSettings();
    expect(paths.get(env["VOLT_HOME"]!.slice(1))).toMatchObject({ folder: true });
    expect(foreignVariables(Object.keys(env))).toEqual([]);
  });

  test("ends a guest before Docker's 10 seconds are over", () => {
    expect(Number(imageSettings().env["VOLT_STOP_TIMEOUT"])).toBeLessThan(10);
  });
});

describe("the bundle", () => {
  test("has a folder in the image for each of its mounts, whose root can't be written", () => {
    const { mounts } = runtimeConfig({ root: "rootfs" }) as { mounts: { destination: string }[] };
    const made = mounts.filter(({ destination }) => !paths.has(destination.slice(1)));
    // sysfs brings that one.
    expect(made.map(({ destination }) => destination)).toEqual(["/sys/fs/cgroup"]);
  });

  test("adds to the image's command and environment, and limits memory", () => {
    expect(runtimeConfig({ root: "/r", args: ["--", "true"], env: { VOLT_CPUS: "2" }, memoryMib: 64 })).toMatchObject({
      root: { path: "/r", readonly: true },
      process: {
        args: ["/usr/bin/volt", "run", "--", "true"],
        env: expect.arrayContaining(["VOLT_HOME=/var/lib/volt", "VOLT_CPUS=2"]),
      },
      linux: { resources: { memory: { limit: 64 * 2 ** 20 } } },
    });
  });
});
