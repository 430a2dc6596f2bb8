/** Another file behind a disk, as Linux sees it: what Kata's and firecracker-containerd's placeholders are for. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { sharedHost } from "../../testbed/shared.ts";
import { LIMIT, startVolt } from "./volt.ts";

setDefaultTimeout(LIMIT);

test("a guest with placeholders gets disks, writes to them, and has empty ones again", async () => {
  const host = await sharedHost();
  const onHost = async (script: string) => {
    const { status, stdout, stderr } = await host.run(["sh", "-c", script]);
    if (status !== 0) throw new Error(`${script}: status ${status}: ${stderr}`);
    return stdout.toString();
  };
  const folder = (await onHost("mktemp -d /tmp/volt-live-XXXXXX")).trim();
  const disks = ["vda", "vdb"];
  await onHost(
    `cd ${folder}; mkdir images; truncate -s 0 vda vdb; for d in ${disks.join(" ")}; do truncate -s 2M images/$d; printf "this is $d" | dd of=images/$d conv=notrunc 2>/dev/null; done`,
  );
  const sees = (sectors: number) =>
    `for d in vda vdb; do until [ "$(cat /sys/block/$d/size)" = ${sectors} ]; do sleep 0.1; done; done`;
  const script = [
    `${sees(0)}; echo empty; ${sees(4096)}`,
    "for d in vda vdb; do dd if=/dev/$d bs=512 count=1 iflag=direct 2>/dev/null | head -c 11; echo",
    "printf written | dd of=/dev/$d bs=512 seek=4095 conv=sync oflag=direct 2>/dev/null; done",
    `echo done; ${sees(0)}; echo empty again`,
  ].join("; ");
  const swap = (disk: string, path: string) =>
    onHost(
      `curl -s -S --max-time 60 -w '%{http_code}' --unix-socket ${folder}/api -X PATCH -d '{"drive_id":"${disk}","path_on_host":"${path}"}' http://localhost/drives/${disk}`,
    );
  const flags = disks.flatMap((disk, i) => ["--disk", `${folder}/${disk},id=${disk},io=${i === 0 ? "async" : "sync"}`]);
  const api = ["--api", `${folder}/api`, "--allow-path", `${folder}/images`, "--allow-path", "/dev"];
  await using running = await startVolt([...flags, ...api, "--", "sh", "-c", script]);
  await running.printed("empty");
  // A block device that was not there at the start, and a file.
  const loop = (await onHost(`PATH=$PATH:/sbin losetup -f --show ${folder}/images/vda`)).trim();
  expect(await swap("vda", loop)).toBe("204");
  expect(await swap("vdb", `${folder}/images/vdb`)).toBe("204");
  await running.printed("done");
  expect(await swap("vda", "/etc/passwd")).toContain("--allow-path");
  for (const disk of disks) expect(await swap(disk, `${folder}/${disk}`)).toBe("204");
  // It is free at once: nobody else holds it.
  await onHost(`PATH=$PATH:/sbin; losetup -d ${loop}; ! losetup ${loop} 2>/dev/null`);
  const { status, stdout } = await running.end();
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: "empty\nthis is vda\nthis is vdb\ndone\nempty again\n",
  });
  for (const disk of disks) expect(await onHost(`tail -c 512 ${folder}/images/${disk} | tr -d '\\0'`)).toBe("written");
  await onHost(`rm -r ${folder}`);
});
