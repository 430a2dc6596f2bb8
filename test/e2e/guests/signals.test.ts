import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { LIMIT, type RunningVolt, startVolt } from "./volt.ts";

setDefaultTimeout(LIMIT);
const LOOP = "echo up; while :; do sleep 0.2; done";
/** Without standard error: the shell tells that the button ended its `sleep` too. */
const LISTENS = `exec 2>/dev/null; trap "echo stopping; exit 3" TERM; ${LOOP}`;
const DEAF = `trap "" TERM; ${LOOP}`;
const LATE = "the guest did not shut down within";

async function started(script: string, flags: readonly string[] = []): Promise<RunningVolt> {
  const vm = await startVolt([...flags, "--", "sh", "-c", script]);
  await vm.printed("up\n");
  return vm;
}

describe("a guest that listens", () => {
  test.concurrent.each([
    ["SIGTERM", "the power button", []],
    ["SIGINT", "the power button", []],
    ["SIGTERM", "Ctrl-Alt-Del, as it has no ACPI", ["--append", "acpi=off"]],
  ] as const)("hears of %s by %s, and its own status comes back", async (signal, _, flags) => {
    await using vm = await started(LISTENS, flags);
    vm.signal(signal);

    expect(await vm.end()).toMatchObject({ status: 3, stdout: "up\nstopping\n", log: "" });
  });
});

describe("a guest that does not listen", () => {
  test.concurrent.each([
    ["SIGTERM", 3, 143],
    ["SIGINT", 0.5, 130],
  ] as const)(
    "is ended by %s after --stop-timeout %d, with status %d and a warning",
    async (signal, seconds, status) => {
      await using vm = await started(DEAF, ["--stop-timeout", `${seconds}`]);
      vm.signal(signal);
      const end = await vm.end();

      expect(end).toMatchObject({ status, stdout: "up\n" });
      expect(end.log).toBe(`volt: warn: ${LATE} ${seconds} s: ended (--stop-timeout)\n`);
    },
  );
});

test.concurrent("SIGHUP ends a running guest at once", async () => {
  await using vm = await started(LISTENS);
  vm.signal("SIGHUP");

  expect(await vm.end()).toMatchObject({ status: 129, stdout: "up\n", log: "" });
});

test.concurrent.each([
  ["SIGHUP", 129],
  ["SIGQUIT", 131],
  ["SIGUSR1", 138],
  ["SIGUSR2", 140],
  ["SIGALRM", 142],
] as const)("%s while the kernel boots ends it with status %d", async (signal, status) => {
  await using vm = await startVolt(["--log-level", "info", "--", "sleep", "1000"]);
  await vm.logged("VM is running\n");
  vm.signal(signal);
  const end = await vm.end();

  expect(end).toMatchObject({ status, stdout: "" });
  expect(end.log).toEndWith(`volt: info: ended by ${signal}\n`);
});

test.concurrent("SIGTSTP stops volt until SIGCONT, and the guest goes on where it was", async () => {
  await using vm = await started(LISTENS);
  const stopped = `until grep -q '^State:.T' /proc/${vm.pid()}/status; do sleep 0.1; done`;
  vm.signal("SIGTSTP");
  await vm.onHost(stopped);
  vm.signal("SIGCONT");
  vm.signal("SIGTERM");

  expect(await vm.end()).toMatchObject({ status: 3, stdout: "up\nstopping\n" });
});

test.concurrent("as PID 1 of a namespace volt hears SIGTERM, hands the guest's status out and leaves no zombie", async () => {
  // What the shell left behind becomes a child of volt: PID 1 has no parent to pass it on to.
  const becomeVolt = 'echo "I am $$"; (sleep 0.1 & sleep 0.1 &) & exec "$@"';
  const under = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", becomeVolt, "sh"];
  await using vm = await startVolt(["--", "sh", "-c", LISTENS], { under });
  await vm.printed("up\n");
  const children = (pid: number) => vm.onHost(`cat /proc/${pid}/task/*/children`);
  const pid = Number(await children(vm.pid()));
  const left = await children(pid);
  await vm.onHost(`kill -TERM ${pid}`);

  expect(await vm.end()).toMatchObject({ status: 3, stdout: "I am 1\nup\nstopping\n" });
  expect(left.trim()).toBe("");
});
