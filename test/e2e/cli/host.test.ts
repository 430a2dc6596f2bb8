/** A host that lacks something, and callers that say they are volt's first stage. */
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { END, tinyKernel } from "./tiny-kernel.ts";
import { Folder, failure, VOLT } from "./volt.ts";

/** Runs volt in a mount namespace of its own, after these commands of a shell. */
const inNamespace = (commands: string) => ["unshare", "-m", "sh", "-ec", `${commands}; exec "$@"`, "sh"];

describe("/dev/kvm", () => {
  test("that is not there", async () => {
    using folder = new Folder();
    const by = inNamespace("mount -t tmpfs none /dev; mknod /dev/null c 1 3; mknod /dev/urandom c 1 9");
    expect(await failure(tinyKernel(folder, END.reset).run, { by })).toBe(
      "/dev/kvm: there is none: load the module (modprobe kvm_intel or kvm_amd); see `volt doctor`",
    );
  });

  test("that is something else", async () => {
    using folder = new Folder();
    const message = await failure(tinyKernel(folder, END.reset).run, {
      by: inNamespace("mount --bind /dev/null /dev/kvm"),
    });
    expect(message).toMatch(/^\/dev\/kvm: .+: .+/);
  });

  test("that a container's rules deny", async () => {
    using folder = new Folder();
    const by = inNamespace(
      "mount -t tmpfs -o nodev none /mnt; mknod /mnt/kvm c 10 232; mount --bind /mnt/kvm /dev/kvm",
    );
    expect(await failure(tinyKernel(folder, END.reset).run, { by })).toStartWith("/dev/kvm: permission denied: ");
  });
});

describe("memory the host does not have", () => {
  test("--memory beyond what KVM can map", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, END.reset);
    const flags = run.map((word) => (word === "32M" ? "16T" : word));
    expect(await failure(flags)).toMatch(
      /^--memory: this host's KVM takes no 16777216 MiB: ask for less \(.+\)$|guest memory: mmap: /,
    );
  });

  test("--hugepages beyond those free", async () => {
    using folder = new Folder();
    const free = Number(/HugePages_Free: +(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]);
    const { run } = tinyKernel(folder, END.reset);
    const mib = 2 * (free + 100);
    const flags = [...run.map((word) => (word === "32M" ? `${mib}M` : word)), "--hugepages"];
    expect(await failure(flags)).toBe(
      `${mib} MiB of guest memory in 2 MiB pages: too few are free: it takes ${mib / 2} (see /proc/meminfo); sysctl vm.nr_hugepages=N reserves them: mmap: Cannot allocate memory (ENOMEM)`,
    );
  });

  test("an address space limit below the guest's memory", async () => {
    using folder = new Folder();
    const { run } = tinyKernel(folder, END.reset);
    const flags = run.map((word) => (word === "32M" ? "1000G" : word));
    expect(await failure(flags, { by: ["prlimit", `--as=${2 ** 39}`] })).toContain("1024000 MiB of guest memory");
  });
});

describe("VOLT_PLAN, which is between volt's two stages", () => {
  const MESSAGE = "VOLT_PLAN is set by volt itself: unset it";
  const withFd3 = (path: string) => ["sh", "-ec", `exec 3<"$0"; exec "$@"`, path];

  test.each(["", "x", "-1", "3", "77", "1e9", "4294967296", "NaN", "0x3", " 3"])(
    "%j, a number of nothing",
    async (value) => {
      expect(await failure(["run"], { env: { VOLT_PLAN: value } })).toBe(MESSAGE);
    },
  );

  test("a plain file", async () => {
    using folder = new Folder();
    writeFileSync(folder.file("plan"), "{}");
    expect(await failure(["run"], { env: { VOLT_PLAN: "3" }, by: withFd3(folder.file("plan")) })).toBe(MESSAGE);
  });

  test("a folder", async () => {
    expect(await failure(["run"], { env: { VOLT_PLAN: "3" }, by: withFd3("/") })).toBe(MESSAGE);
  });

  test("stdin, a pipe", async () => {
    expect(await failure(["run"], { env: { VOLT_PLAN: "0" }, input: "{}" })).toBe(MESSAGE);
  });

  test("a memfd that is not sealed", async () => {
    using folder = new Folder();
    const script = `
      import { dlopen } from "bun:ffi";
      const { symbols } = dlopen("libc.so.6", { memfd_create: { args: ["ptr", "u32"], returns: "i32" } });
      const fd = symbols.memfd_create(Buffer.from("volt-plan\\0"), 2);
      require("node:fs").writeSync(fd, "{}");
      const child = Bun.spawn([${JSON.stringify(VOLT)}, "run"], { stdio: ["ignore", "inherit", "inherit", fd], env: { VOLT_PLAN: "3" } });
      process.exitCode = await child.exited;`;
    writeFileSync(folder.file("parent.ts"), script);
    expect(await failure([folder.file("parent.ts")], { program: process.execPath })).toBe(MESSAGE);
  });
});
