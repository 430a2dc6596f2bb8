/** volt on a terminal: typing into the guest, the escape, and the terminal afterwards. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { LIMIT, type RunningVolt, startVolt } from "./volt.ts";

setDefaultTimeout(LIMIT);
const tty = { rows: 30, columns: 90 };
const ESCAPE = "\x1d";
/** Around volt: the terminal's settings before and after, and how volt ended. */
const AROUND = 'stty -a; echo "== before"; "$@"; status=$?; echo "== after"; stty -a; exit $status';

async function terminal(): Promise<RunningVolt> {
  const vm = await startVolt([], { tty, under: ["sh", "-c", AROUND, "sh"] });
  await vm.printed("# ");
  return vm;
}

/** Sends a signal to the volt in the shell. */
async function signalVolt(vm: RunningVolt, name: string): Promise<void> {
  await vm.onHost(`kill -s ${name.slice("SIG".length)} $(cat /proc/${vm.pid()}/task/${vm.pid()}/children)`);
}

async function endOf(vm: RunningVolt) {
  const { status, stdout } = await vm.end();
  const [before, , after] = stdout.split(/== (?:before|after)\r\n/);
  expect(before).toContain("speed ");
  expect(after).toBe(before!);
  return { status, stdout };
}

test.concurrent("typing reaches the guest's shell, with its size, ^C and the escape character itself", async () => {
  await using vm = await terminal();
  vm.type("stty size; echo he''llo\r");
  await vm.printed("30 90\r\n");
  await vm.printed("hello\r\n");
  vm.type(`sh -c 'echo sleep""ing; exec sleep 1000'\r`);
  await vm.printed("sleeping\r\n");
  vm.type("\x03");
  await vm.printed("^C");
  vm.type("echo inter''rupted $?\r");
  await vm.printed("interrupted 130\r\n");
  vm.type(`${ESCAPE}?`);
  await vm.printed("Ctrl-] q       end the VM\r\n");
  vm.type("read -r line; echo \"$line\" | tr '\\035' '!'\r");
  vm.type(`<${ESCAPE}${ESCAPE}>\r`);
  await vm.printed("<!>\r\n");
  vm.type("exit 9\r");

  expect((await endOf(vm)).status).toBe(9);
});

describe("the terminal is as it was, and the status right, after", () => {
  test.concurrent("Ctrl-] q", async () => {
    await using vm = await terminal();
    vm.type(`${ESCAPE}q`);

    expect((await endOf(vm)).status).toBe(143);
  });

  test.concurrent("Ctrl-] p, the power button, which hangs up on the shell", async () => {
    await using vm = await terminal();
    vm.type(`${ESCAPE}p`);

    expect((await endOf(vm)).status).toBe(129);
  });

  test.concurrent.each([
    ["SIGHUP", 129],
    ["SIGQUIT", 131],
  ] as const)("%s", async (name, status) => {
    await using vm = await terminal();
    await signalVolt(vm, name);

    expect((await endOf(vm)).status).toBe(status);
  });

  test.concurrent("SIGTERM, which asks the shell to go", async () => {
    await using vm = await terminal();
    await signalVolt(vm, "SIGTERM");

    expect((await endOf(vm)).status).toBe(129);
  });

  test.concurrent("a guest that crashes", async () => {
    await using vm = await terminal();
    vm.type("echo c >/proc/sysrq-trigger\r");
    const { status, stdout } = await endOf(vm);

    expect(status).toBe(124);
    expect(stdout).toContain("Kernel panic - not syncing: sysrq triggered crash");
  });
});
