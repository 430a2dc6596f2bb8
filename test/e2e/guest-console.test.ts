import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { END_OF_STDIN, frameStdin } from "../../src/boot/stdin-frame.ts";
import { bytesOfEveryKind } from "./guest-bytes.ts";
import { GuestVm } from "./guest-vm.ts";

const LIMIT = 120_000;
/** RTS, bit 1 of the serial line's modem control register: may the monitor send? */
async function mayBeSentTo(vm: GuestVm): Promise<boolean> {
  const answer = /= 0x([0-9a-f]+)/.exec(await vm.monitor("i /b 0x3fc"));
  return (Number.parseInt(answer![1]!, 16) & 2) !== 0;
}

test(
  "piped input arrives exactly, and RTS is down while the command does not read",
  async () => {
    // More than the command's pipe and the terminal's buffer hold, less than the kernel buffers for senders that, as
    // QEMU, do not heed RTS.
    const data = bytesOfEveryKind(150_000);
    // The power button is this test's way to say: read now.
    const script = 'exec 2>/dev/null; trap "go=1" TERM; while [ -z "$go" ]; do sleep 0.05; done; exec sha256sum';
    await using vm = new GuestVm({ argv: ["sh", "-c", script], graceSeconds: 100 });
    await vm.ready();
    expect(await mayBeSentTo(vm)).toBe(true);
    vm.send(frameStdin(data));
    vm.send(END_OF_STDIN);
    while (await mayBeSentTo(vm)) await Bun.sleep(20);
    await vm.monitor("system_powerdown");

    expect((await vm.end()).output.toString()).toBe(`${createHash("sha256").update(data).digest("hex")}  -\n`);
  },
  LIMIT,
);

test(
  "input that nobody reads keeps no command from ending",
  async () => {
    await using vm = new GuestVm({ argv: ["sh", "-c", "exec <&-; echo closed; sleep 1; exit 5"] });
    await vm.ready();
    vm.send(bytesOfEveryKind(200_000));

    expect(await vm.end()).toEqual({ status: 5, output: Buffer.from("closed\n") });
  },
  LIMIT,
);

test(
  "a megabyte of output of every byte arrives exactly",
  async () => {
    const script = "head -c 1000000 /dev/urandom > /tmp/data; cat /tmp/data; sha256sum < /tmp/data";
    await using vm = new GuestVm({ argv: ["sh", "-c", script] });
    const { output } = await vm.end();
    const hash = createHash("sha256").update(output.subarray(0, 1_000_000)).digest("hex");

    expect(output.subarray(1_000_000).toString()).toBe(`${hash}  -\n`);
  },
  LIMIT,
);

test(
  "a shell on a terminal has its size and type, job control and ^C, and its status",
  async () => {
    await using vm = new GuestVm({ argv: [], terminal: true, rows: 33, columns: 101, env: { TERM: "xterm-256color" } });
    await vm.printed("# ");
    vm.send("stty size; tty; echo $TERM $PWD; stty -a | grep -o ' crtscts'\n");
    await vm.printed("33 101\r\n/dev/ttyS0\r\nxterm-256color /root\r\n crtscts\r\n");
    vm.send(`sh -c 'echo sleep""ing; exec sleep 1000'\n`);
    await vm.printed("sleeping\r\n");
    vm.send("\x03");
    await vm.printed("^C");
    vm.send("echo inter''rupted $?\n");
    await vm.printed("interrupted 130\r\n");
    vm.send("sleep 1000 & jobs\n");
    await vm.printed("Running");
    vm.send("exit 9\n");

    expect((await vm.end()).status).toBe(9);
  },
  LIMIT,
);

test(
  "poweroff typed into the shell ends the machine with status 0",
  async () => {
    await using vm = new GuestVm({ argv: [], terminal: true });
    await vm.printed("# ");
    vm.send("poweroff\n");

    expect((await vm.end()).status).toBe(0);
  },
  LIMIT,
);

test(
  "a virtio console carries piped input and output as exactly as a serial line",
  async () => {
    const data = bytesOfEveryKind(100_000);
    await using vm = new GuestVm({ argv: ["sh", "-c", "cat /sys/class/tty/console/active -"], console: "virtio" });
    await vm.ready();
    vm.send(frameStdin(data));
    vm.send(END_OF_STDIN);

    expect(await vm.end()).toEqual({ status: 0, output: Buffer.concat([Buffer.from("hvc0\n"), data]) });
  },
  LIMIT,
);

test(
  "a virtio console is a terminal for a shell, and the power button ends the shell",
  async () => {
    await using vm = new GuestVm({ argv: [], terminal: true, console: "virtio" });
    await vm.printed("# ");
    vm.send("tty\n");
    await vm.printed("/dev/hvc0\r\n");
    await vm.monitor("system_powerdown");

    expect((await vm.end()).status).toBe(129);
  },
  LIMIT,
);
