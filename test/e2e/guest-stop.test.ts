import { expect, test } from "bun:test";
import { GuestVm } from "./guest-vm.ts";

const LIMIT = 120_000;
/** Without standard error: the shell reports that the button ended its `sleep` too. */
const LISTENS = 'exec 2>/dev/null; trap "echo stopping; exit 3" TERM; echo up; while :; do sleep 0.05; done';
const DEAF = 'trap "" TERM; echo up; while :; do sleep 0.05; done';

test(
  "the power button stops a command that listens, which keeps its own status",
  async () => {
    await using vm = new GuestVm({ argv: ["sh", "-c", LISTENS] });
    await vm.printed("up\n");
    await vm.monitor("system_powerdown");

    expect(await vm.end()).toEqual({ status: 3, output: Buffer.from("up\nstopping\n") });
  },
  LIMIT,
);

test(
  "a command that does not listen is killed when its time is over",
  async () => {
    await using vm = new GuestVm({ argv: ["sh", "-c", DEAF], graceSeconds: 1 });
    await vm.printed("up\n");
    await vm.monitor("system_powerdown");

    expect((await vm.end()).status).toBe(137);
  },
  LIMIT,
);

test(
  "Ctrl-Alt-Del stops the command as the power button does",
  async () => {
    await using vm = new GuestVm({ argv: ["sh", "-c", LISTENS] });
    await vm.printed("up\n");
    await vm.monitor("sendkey ctrl-alt-delete");

    expect((await vm.end()).status).toBe(3);
  },
  LIMIT,
);

test(
  "a command that dies of SIGTERM has status 143 when it was stopped from outside",
  async () => {
    await using vm = new GuestVm({ argv: ["sh", "-c", "echo up; exec sleep 1000"] });
    await vm.printed("up\n");
    await vm.monitor("system_powerdown");

    expect((await vm.end()).status).toBe(143);
  },
  LIMIT,
);

test(
  "a guest that powers itself off has status 0",
  async () => {
    await using vm = new GuestVm({ argv: ["sh", "-c", "poweroff; exec sleep 1000"] });

    expect(await vm.end()).toEqual({ status: 0, output: Buffer.alloc(0) });
  },
  LIMIT,
);
