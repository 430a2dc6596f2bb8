/** A cgroup's limits, as a guest feels them. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { sharedHost } from "../../testbed/shared.ts";
import { LIMIT, startVolt } from "./volt.ts";

setDefaultTimeout(LIMIT);

test("a guest's disk is no faster than its cgroup allows, and as fast as it can be without the limit", async () => {
  const host = await sharedHost();
  const onHost = async (script: string) => {
    const { status, stdout, stderr } = await host.run(["sh", "-ec", `PATH=$PATH:/sbin:/usr/sbin; ${script}`]);
    if (status !== 0) throw new Error(`${script}: status ${status}: ${stderr}`);
    return stdout.toString().trim();
  };
  const group = `volt-io-${process.pid}`;
  const folder = await onHost("mktemp -d /tmp/volt-io-XXXXXX");
  const loop = await onHost(`truncate -s 8M ${folder}/image; losetup -f --show ${folder}/image`);
  try {
    // What the guest's clock says, in hundredths of a second.
    const read = "dd if=/dev/vda of=/dev/null bs=64k count=96 iflag=direct 2>/dev/null";
    const timed = `a=$(cut -d ' ' -f 1 /proc/uptime | tr -d .); ${read}; b=$(cut -d ' ' -f 1 /proc/uptime | tr -d .); echo took $((b - a))`;
    const script = `${timed}; echo limited; read -r line; ${timed}`;
    const lifted = Promise.withResolvers<void>();
    async function* input() {
      await lifted.promise;
      yield Buffer.from("on\n");
    }
    const flags = ["--disk", `${loop},direct`, "--cgroup", `${group},rbps=1M`];
    await using vm = await startVolt([...flags, "--", "sh", "-c", script], { stdin: input() });
    await vm.printed("limited\n");
    await onHost(`read -r device limits </sys/fs/cgroup/${group}/io.max
      echo "$device rbps=max" >/sys/fs/cgroup/${group}/io.max`);
    lifted.resolve();
    const { status, stdout } = await vm.end();
    expect(status).toBe(0);
    const [slow = 0, fast = 0] = [...stdout.matchAll(/^took (\d+)$/gm)].map(([, hundredths]) => Number(hundredths));
    // 6 MiB at 1 MiB/s.
    expect(slow).toBeGreaterThan(500);
    expect(fast).toBeLessThan(slow);
  } finally {
    await onHost(`losetup -d ${loop}; rm -r ${folder}; rmdir /sys/fs/cgroup/${group}`);
  }
});
