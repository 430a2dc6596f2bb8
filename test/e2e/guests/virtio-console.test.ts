/** --console virtio: the guest's hvc0, and ports of their own for what is piped. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { bytesOfEveryKind } from "../guest-bytes.ts";
import { readAfterSleep, readBy } from "./reader.ts";
import { guest, LIMIT, startVolt } from "./volt.ts";

// One after the other: each has the whole limit for itself.
setDefaultTimeout(LIMIT);
const MIB = 2 ** 20;
const VIRTIO = ["--console", "virtio"];
const tty = { rows: 30, columns: 90 };

describe("piped", () => {
  test("10 MiB arrive exactly with their end, and come back exactly", async () => {
    const stdin = bytesOfEveryKind(10 * MIB);
    const { status, bytes, log } = await guest("cat", VIRTIO, { stdin });

    expect({ status, log, size: bytes.length }).toEqual({ status: 0, log: "", size: 10 * MIB });
    expect(bytes.equals(stdin)).toBe(true);
  });

  test("nothing is an end of file at once, and the console is hvc0", async () => {
    const script = "cat; cat /sys/class/tty/console/active; echo out; echo err >&2; echo again >/dev/stdout; exit 9";
    const { status, stdout, log } = await guest(script, VIRTIO);

    expect({ status, stdout, log }).toEqual({ status: 9, stdout: "hvc0\nout\nerr\nagain\n", log: "" });
  });

  test("a reader that sleeps loses nothing, and the guest runs on meanwhile", async () => {
    const size = 4 * MIB;
    const script = `(while :; do echo >>/tmp/beats; sleep 0.1; done) & seq 1000000 | head -c ${size}; wc -l </tmp/beats`;
    const { stdout, log } = await guest(script, VIRTIO, readAfterSleep(12));
    const numbers = Array.from({ length: 700_000 }, (_, i) => `${i + 1}\n`).join("");

    expect(log).toBe("");
    expect(stdout.slice(0, size) === numbers.slice(0, size)).toBe(true);
    expect(stdout.slice(size)).toMatch(/^[1-9]\d+\nstatus 0\n$/);
  });

  test("a reader that leaves after one line holds up no flood of 100 MiB", async () => {
    const flood = "echo y; dd if=/dev/zero bs=1M count=100 2>/dev/null; exit 6";
    const { status, stdout, log } = await guest(flood, VIRTIO, readBy("head -n 1"));

    expect({ status, stdout, log }).toEqual({ status: 6, stdout: "y\nstatus 6\n", log: "" });
  });
});

describe("a panic is seen", () => {
  test("when the guest runs", async () => {
    const { status, stdout } = await guest("echo c >/proc/sysrq-trigger", VIRTIO);

    expect(status).toBe(124);
    expect(stdout).toContain("Kernel panic - not syncing: sysrq triggered crash");
  });

  test("before the console's driver is there", async () => {
    const { stdout } = await guest("true", [...VIRTIO, "--append", "rdinit=/none root=/dev/none"]);

    expect(stdout).toContain("Kernel panic - not syncing: VFS: Unable to mount root fs");
  });
});

describe("on a terminal", () => {
  test("typing reaches the guest's shell, with ^C and the terminal's size, also a new one", async () => {
    await using vm = await startVolt(VIRTIO, { tty });
    await vm.printed("# ");
    vm.type("stty size; tty; echo he''llo\r");
    await vm.printed("30 90\r\n");
    await vm.printed("/dev/hvc0\r\n");
    await vm.printed("hello\r\n");
    vm.type(`sh -c 'echo sleep""ing; exec sleep 1000'\r`);
    await vm.printed("sleeping\r\n");
    vm.type("\x03");
    await vm.printed("^C");
    vm.type("echo inter''rupted $?\r");
    await vm.printed("interrupted 130\r\n");
    vm.type("until stty size | grep '55 133'; do sleep 0.2; done\r");
    await vm.onHost(`stty -F /proc/${vm.pid()}/fd/0 rows 55 cols 133`);
    await vm.printed("55 133\r\n");
    vm.type("exit 9\r");

    expect((await vm.end()).status).toBe(9);
  });

  test("10 MiB pasted at once arrive whole", async () => {
    await using vm = await startVolt(VIRTIO, { tty });
    const lines = Array.from(
      { length: (10 * MIB) / 32 },
      (_, i) => `${String(i).padStart(10, "0")} pasted text here....\n`,
    );
    const pasted = lines.join("");
    await vm.printed("# ");
    vm.type(`stty raw -echo; echo rea""dy; head -c ${pasted.length} | sha256sum; exit 0\r`);
    await vm.printed("ready");
    vm.type(pasted);
    const { status, stdout } = await vm.end();

    expect(stdout).toContain(new Bun.CryptoHasher("sha256").update(pasted).digest("hex"));
    expect(status).toBe(0);
  });

  test("one logs in over hvc0", async () => {
    const script = "sed -i s/^root:x:/root::/ /etc/passwd; exec getty 115200 hvc0 vt100";
    await using vm = await startVolt([...VIRTIO, "--", "sh", "-c", script], { tty });
    await vm.printed("login: ");
    vm.type("root\r");
    await vm.printed("# ");
    vm.type("echo I am $(id -u) on $(tty); exit\r");
    await vm.printed("I am 0 on /dev/hvc0\r\n");

    expect((await vm.end()).status).toBe(0);
  });
});
