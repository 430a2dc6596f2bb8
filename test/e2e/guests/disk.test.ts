/** Disks, as Linux uses them. Everything is made on the host that runs the guests: a file of this machine may only be seen there. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { sharedHost } from "../../testbed/shared.ts";
import { guest, LIMIT, startVolt } from "./volt.ts";

setDefaultTimeout(LIMIT);

/** A folder on that host, in memory, with room for small images. */
let folder = "";

beforeAll(async () => {
  folder = (await onHost("mktemp -d /tmp/volt-disks-XXXXXX")).trim();
  await onHost(`mount -t tmpfs -o size=300m disks ${folder}`);
});

afterAll(async () => {
  if (folder !== "") await onHost(`umount ${folder} && rmdir ${folder}`);
});

async function onHost(script: string): Promise<string> {
  const host = await sharedHost();
  const { status, stdout, stderr } = await host.run(["sh", "-c", script]);
  if (status !== 0) throw new Error(`${script}: status ${status}: ${stderr}`);
  return stdout.toString();
}

/** An image with an empty ext4. @returns its path there */
async function ext4(name: string, size = "48M"): Promise<string> {
  const path = `${folder}/${name}`;
  await onHost(`truncate -s ${size} ${path} && PATH=$PATH:/sbin mkfs.ext4 -q ${path}`);
  return path;
}

/** Two disks in one guest, so that both engines cost one boot: vda by io_uring, vdb without. */
const twoEngines = (a: string, b: string) => ["--disk", `${a},io=async`, "--disk", `${b},io=sync`];
const MOUNT_BOTH = "mkdir -p /mnt/a /mnt/b; mount /dev/vda /mnt/a; mount /dev/vdb /mnt/b";

describe("a file system on a disk", () => {
  test("keeps what was synced when volt is killed right after", async () => {
    const disks = twoEngines(await ext4("kept-a"), await ext4("kept-b"));
    const write =
      "for d in a b; do head -c 3000000 /dev/urandom >/mnt/$d/file; (cd /mnt/$d; md5sum file >sum); done; sync; echo synced";
    {
      await using first = await startVolt([...disks, "--", "sh", "-c", `${MOUNT_BOTH}; ${write}; sleep 1000`]);
      await first.printed("synced");
      first.signal("SIGKILL");
      expect((await first.end()).status).toBe(137);
    }
    const check = `${MOUNT_BOTH}; for d in a b; do (cd /mnt/$d; md5sum -c sum); done`;
    const { status, stdout } = await guest(check, disks);
    expect({ status, stdout }).toEqual({ status: 0, stdout: "file: OK\nfile: OK\n" });
  });

  test("gives back to the host what it frees", async () => {
    const paths = [await ext4("trim-a"), await ext4("trim-b")] as const;
    const script = `${MOUNT_BOTH}; for d in a b; do head -c 20000000 /dev/urandom >/mnt/$d/file; sync; rm /mnt/$d/file; sync; fstrim /mnt/$d; done; umount /mnt/a /mnt/b`;
    const before = (await onHost(`du -k ${paths.join(" ")} | cut -f1`)).trim().split("\n").map(Number);
    const { status, log } = await guest(script, twoEngines(...paths));
    expect({ status, log }).toEqual({ status: 0, log: "" });
    const after = (await onHost(`du -k ${paths.join(" ")} | cut -f1`)).trim().split("\n").map(Number);
    // The journal grew, 20 MB are gone again.
    for (const i of [0, 1]) expect(after[i]).toBeLessThan(before[i]! + 10_000);
    expect(await onHost(`PATH=$PATH:/sbin; for f in ${paths.join(" ")}; do e2fsck -fn $f >&2; done; echo sound`)).toBe(
      "sound\n",
    );
  });
});

test("eight disks at once, each written and read by a process of its own", async () => {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
  await onHost(`cd ${folder}; for n in ${names.join(" ")}; do truncate -s 4M eight-$n; done`);
  const disks = names.flatMap((name) => ["--disk", `${folder}/eight-${name},id=${name}`]);
  const one = "tr '\\0' $1 </dev/zero | dd of=/dev/vd$1 bs=64k iflag=fullblock count=64 oflag=direct 2>/dev/null";
  const script = `for n in ${names.join(" ")}; do (set -- $n; ${one}; dd if=/dev/vd$1 bs=64k iflag=direct 2>/dev/null | tr -d $1 | wc -c) & done; wait; cat /sys/block/vd*/serial`;
  const { status, stdout } = await guest(script, [...disks, "--cpus", "2"]);
  expect({ status, stdout }).toEqual({ status: 0, stdout: "0\n".repeat(8) + names.join("") });
  const counts = await onHost(
    `cd ${folder}; for n in ${names.join(" ")}; do tr -d $n <eight-$n | wc -c; wc -c <eight-$n; done; rm eight-*`,
  );
  expect(counts).toBe("0\n4194304\n".repeat(8));
});

test("a disk that gets larger, or smaller, while the guest runs: it sees the new size, and lives on", async () => {
  const path = `${folder}/resized`;
  await onHost(`truncate -s 8M ${path}`);
  const sees = (sectors: number) => `until [ "$(cat /sys/block/vda/size)" = ${sectors} ]; do sleep 0.1; done`;
  const last = (mib: number) =>
    `dd if=/dev/vda of=/dev/null bs=1M count=1 skip=${mib - 1} iflag=direct 2>/dev/null; echo $?`;
  const script = `echo before; ${sees(32768)}; ${last(16)}; echo grown; ${sees(8192)}; ${last(4)}; ${last(16)}`;
  await using running = await startVolt(["--disk", path, "--", "sh", "-c", script]);
  await running.printed("before");
  await running.onHost(`truncate -s 16M ${path}`);
  await running.printed("grown");
  await running.onHost(`truncate -s 4M ${path}`);
  const { status, stdout } = await running.end();
  // The last dd is past the end: nothing to read is no error.
  expect({ status, stdout }).toEqual({ status: 0, stdout: "before\n0\ngrown\n0\n0\n" });
});

test("a host's file system that is full is an I/O error in the guest, which goes when there is room again", async () => {
  const small = `${folder}/small`;
  await onHost(`mkdir ${small} && mount -t tmpfs -o size=4m small ${small} && truncate -s 16M ${small}/a ${small}/b`);
  try {
    const write = (disk: string) => `dd if=/dev/zero of=/dev/${disk} bs=1M count=8 oflag=direct 2>/dev/null`;
    const script = `for d in vda vdb; do ${write("$d")}; echo $d $?; done; echo full; for d in vda vdb; do until ${write("$d")}; do sleep 0.1; done; done; dmesg | grep -c 'I/O error'`;
    const flags = twoEngines(`${small}/a`, `${small}/b`);
    await using running = await startVolt([...flags, "--", "sh", "-c", script]);
    await running.printed("full");
    await running.onHost(`mount -o remount,size=64m ${small}`);
    const { status, stdout } = await running.end();
    expect(status).toBe(0);
    expect(stdout).toMatch(/^vda 1\nvdb 1\nfull\n[1-9]\d*\n$/);
  } finally {
    await onHost(`umount ${small}`);
  }
});

test("a file that is cut short behind volt's back: an I/O error for what is gone, and a line in the log", async () => {
  const path = `${folder}/cut`;
  await onHost(`truncate -s 8M ${path}`);
  const read = (skip: number) => `dd if=/dev/vda of=/dev/null bs=64k count=1 skip=${skip} iflag=direct 2>/dev/null`;
  const script = `echo whole; while ${read(100)}; do sleep 0.1; done; ${read(0)}; echo $?`;
  await using running = await startVolt(["--disk", path, "--", "sh", "-c", script]);
  await running.printed("whole");
  // truncate(2) opens nothing, and so closes nothing: volt is not told that the size is another.
  await running.onHost(`perl -e 'truncate "${path}", 1048576 or die'`);
  const { status, stdout, log } = await running.end();
  expect({ status, stdout }).toEqual({ status: 0, stdout: "whole\n0\n" });
  expect(log).toBe(`volt: warn: disk0: ${path} is shorter than it was: the guest gets an I/O error for what is gone\n`);
});

const HAS_DMSETUP = Bun.which("dmsetup", { PATH: `${process.env["PATH"]}:/sbin:/usr/sbin` }) !== null;

// Only the device mapper makes a disk that fails on purpose.
test.skipIf(!HAS_DMSETUP)(
  "a disk that fails is an I/O error in the guest, for as long as it does, and its neighbour goes on",
  async () => {
    const good = await ext4("good", "8M");
    const name = `volt-broken-${process.pid}`;
    const table = "printf '0 2048 zero\\n2048 14336 error\\n'";
    await onHost(
      `modprobe dm-mod; modprobe dm-zero; ${table} | DM_DISABLE_UDEV=1 PATH=$PATH:/sbin dmsetup create ${name}`,
    );
    try {
      const read = (disk: string, skip: number) =>
        `dd if=/dev/${disk} of=/dev/null bs=64k count=1 skip=${skip} iflag=direct 2>/dev/null; echo $?`;
      const all = ["vda", "vdb"].map((disk) => [read(disk, 0), read(disk, 100), read(disk, 1)].join("; ")).join("; ");
      const disks = [`/dev/mapper/${name},ro,io=async`, `/dev/mapper/${name},ro,io=sync`, good];
      const { status, stdout, log } = await guest(
        `${all}; ${read("vdc", 100)}`,
        disks.flatMap((disk) => ["--disk", disk]),
      );
      expect({ status, stdout }).toEqual({ status: 0, stdout: "0\n1\n0\n0\n1\n0\n0\n" });
      expect(log).toBe(
        [0, 1]
          .map(
            (i) =>
              `volt: warn: disk${i}: /dev/mapper/${name}: read: Input/output error (EIO): the guest gets an I/O error\n`,
          )
          .join(""),
      );
    } finally {
      await onHost(`DM_DISABLE_UDEV=1 PATH=$PATH:/sbin dmsetup remove ${name}`);
    }
  },
);

test("a block device is a disk, and what the guest discards is discarded on it", async () => {
  const path = `${folder}/backing`;
  await onHost(`head -c 4194304 /dev/urandom >${path}`);
  const loop = (await onHost(`PATH=$PATH:/sbin losetup -f --show ${path}`)).trim();
  try {
    const script =
      "cat /sys/block/vda/size; blkdiscard -o 1048576 -l 2097152 /dev/vda; echo $?; dd if=/dev/vda bs=1M skip=1 count=2 iflag=direct 2>/dev/null | tr -d '\\0' | wc -c";
    const { status, stdout, log } = await guest(script, ["--disk", loop]);
    expect({ status, stdout, log }).toEqual({ status: 0, stdout: "8192\n0\n0\n", log: "" });
    expect(Number(await onHost(`du -k ${path} | cut -f1`))).toBe(2048);
  } finally {
    await onHost(`PATH=$PATH:/sbin losetup -d ${loop}`);
  }
});

test("a root disk is vda wherever it was given, and named on the command line", async () => {
  const root = `${folder}/root`;
  await onHost(
    `cd ${folder} && mkdir -p tree/bin tree/dev tree/proc tree/sys && cp /bin/busybox tree/bin && ln -sf busybox tree/bin/sh && truncate -s 16M root && PATH=$PATH:/sbin mkfs.ext4 -q -d tree root && rm -r tree`,
  );
  const other = await ext4("other", "8M");
  const script = "busybox cat /sys/block/vda/serial /sys/block/vdb/serial; echo; busybox cat /proc/cmdline";
  const { stdout } = await guest(script, ["--disk", `${other},id=other`, "--disk", `${root},id=system,root`]);
  expect(stdout).toStartWith("systemother\nroot=/dev/vda rw ");
});
