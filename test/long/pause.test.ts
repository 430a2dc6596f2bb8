/** A guest that stands still for longer than its watchdogs have patience. */

import { expect, test } from "bun:test";
import { join } from "node:path";
import { startVolt } from "../e2e/guests/volt.ts";

const LIMIT_MS = 600_000;
/** The kernel's watchdog speaks of a soft lock-up after 20 s, RCU of a stall after 21 s. */
const PAUSE_S = 60;

test(
  "a guest that was paused for a minute complains of no lock-up, and has the right time afterwards",
  async () => {
    // One processor works, the other is mostly idle: both of their watchdogs would have waited too long.
    const script = `
      (while :; do :; done) & while sleep 0.2; do echo tick; done &
      echo ready; read -r line
      sleep 5; date +'at %s'; echo "watchdog $(cat /proc/sys/kernel/soft_watchdog)"
      dmesg -r | grep -i -E 'lockup|stall|hung' | sed 's/^/complaint: /'; echo end`;
    const go = Promise.withResolvers<void>();
    async function* input() {
      await go.promise;
      yield Buffer.from("on\n");
    }
    const socket = join("/tmp", `volt-pause-${process.pid}.sock`);
    const flags = ["--cpus", "2", "--memory", "256M", "--api", socket];
    const options = { stdin: input(), limitMs: LIMIT_MS };
    await using vm = await startVolt([...flags, "--", "sh", "-c", script], options);
    const ask = (state: string) =>
      vm.onHost(`curl -sS -f -X PATCH --unix-socket ${socket} -d '{"state":"${state}"}' http://localhost/vm`);
    await vm.printed("tick\n", 10);

    await ask("Paused");
    await Bun.sleep(1000); // what it had printed comes out
    const ticks = vm.stdout.split("tick\n").length;
    await Bun.sleep(PAUSE_S * 1000);
    expect(vm.stdout.split("tick\n").length).toBe(ticks);
    await ask("Resumed");
    await vm.printed("tick\n", ticks + 3);

    go.resolve();
    const { status, stdout } = await vm.end();
    const now = Date.now() / 1000;
    expect(status).toBe(0);
    expect(stdout).toContain("watchdog 1\n");
    expect(stdout).not.toContain("complaint: ");
    const at = Number(/^at (\d+)$/m.exec(stdout)?.[1]);
    expect(Math.abs(now - at)).toBeLessThan(30);
  },
  2 * LIMIT_MS,
);
