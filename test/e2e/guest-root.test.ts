import { expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GuestVm } from "./guest-vm.ts";

const LIMIT = 120_000;
const ROOT = { device: "/dev/vda", readOnly: false };

/** A disk with a file system: BusyBox, and what a test adds. */
class Disk implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "volt-root-"));
  readonly image = join(this.#folder, "disk.img");

  /** @param programs scripts by their path */
  constructor(programs: Readonly<Record<string, string>> = {}, make = ["mke2fs", "-q", "-t", "ext4", "-d"]) {
    const tree = join(this.#folder, "tree");
    for (const folder of ["bin", "sbin", "dev", "proc", "sys", "run", "tmp", "etc"])
      mkdirSync(join(tree, folder), { recursive: true });
    copyFileSync("/bin/busybox", join(tree, "bin/busybox"));
    for (const applet of ["sh", "cat", "mount", "poweroff", "echo"]) symlinkSync("busybox", join(tree, "bin", applet));
    for (const [path, script] of Object.entries(programs)) {
      writeFileSync(join(tree, path), script);
      chmodSync(join(tree, path), 0o755);
    }
    const made = Bun.spawnSync([...make, tree, this.image, "16M"], { stderr: "pipe" });
    if (!made.success) throw new Error(`${make[0]}: ${made.stderr}`);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}

test(
  "a command runs on the root disk, with the guest's devices there, and its status comes back",
  async () => {
    using disk = new Disk({ "etc/mark": "of the disk" });
    const script = "cat /etc/mark; [ -c /dev/ttyS0 ] && [ -d /proc/1 ] && [ ! -e /volt ]; echo $?; exit 7";
    await using vm = new GuestVm({ argv: ["sh", "-c", script], root: ROOT, disk: disk.image });

    expect(await vm.end()).toEqual({ status: 7, output: Buffer.from("of the disk0\n") });
  },
  LIMIT,
);

test(
  "what a command wrote to the root disk is there for the next one",
  async () => {
    using disk = new Disk();
    for (const script of ["echo kept >/etc/new", "cat /etc/new"]) {
      await using vm = new GuestVm({ argv: ["sh", "-c", script], root: ROOT, disk: disk.image });
      const { status, output } = await vm.end();
      expect(status).toBe(0);
      if (script.startsWith("cat")) expect(output.toString()).toBe("kept\n");
    }
  },
  LIMIT,
);

test(
  "a read-only root can't be written",
  async () => {
    using disk = new Disk();
    const root = { ...ROOT, readOnly: true };
    await using vm = new GuestVm({ argv: ["sh", "-c", "echo x 2>&1 >/etc/new"], root, disk: disk.image });
    const { status, output } = await vm.end();

    expect(output.toString()).toContain("Read-only file system");
    expect(status).toBe(1);
  },
  LIMIT,
);

test(
  "without a command the disk's own init is the first process",
  async () => {
    using disk = new Disk({ "sbin/init": "#!/bin/sh\necho I am $$ of the disk\nexec poweroff -f\n" });
    await using vm = new GuestVm({ argv: [], terminal: true, root: ROOT, disk: disk.image });

    expect((await vm.end()).output.toString()).toContain("I am 1 of the disk");
  },
  LIMIT,
);

test(
  "a root disk without a file system ends the machine with status 125, and the message says so",
  async () => {
    using disk = new Disk({}, ["sh", "-c", 'truncate -s "$2" "$1"']);
    await using vm = new GuestVm({ argv: ["sh"], root: ROOT, disk: disk.image });
    const { status, output } = await vm.end();

    expect(output.toString()).toStartWith("volt-init: root disk /dev/vda: cannot mount it: ");
    expect(status).toBe(125);
  },
  LIMIT,
);
