/** `volt run -d` with Linux in it: who comes later finds a shell, and who does not come finds the output. */
import { expect, test } from "bun:test";
import { stockKernel } from "../../../scripts/guest-kernel.ts";
import { sharedHost } from "../../testbed/shared.ts";
import { takeTurn } from "./turns.ts";
import { LIMIT, VOLT } from "./volt.ts";

/** Runs a script where Linux guests can run; `$volt` is volt, `$VOLT_RUNTIME_DIR` an empty folder. */
async function onHost(script: string): Promise<string> {
  const { store } = await stockKernel();
  const host = await sharedHost();
  const endTurn = await takeTurn();
  try {
    const setUp = "export VOLT_RUNTIME_DIR=$(mktemp -d); trap 'rm -r \"$VOLT_RUNTIME_DIR\"' EXIT";
    const env = { VOLT_HOME: store, volt: VOLT };
    const { status, stdout, stderr } = await host.run(["sh", "-ec", `${setUp}; ${script}`], { env, timeoutMs: LIMIT });
    expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: "" });
    return stdout.toString();
  } finally {
    endTurn();
  }
}

test(
  "without a command the guest's shell is on the console, for whoever attaches",
  async () => {
    const seen = await onHost(`
      "$volt" run -d --id shell
      printf 'echo $((40 + 2)) is it; exit 7\\n' | "$volt" console shell
      "$volt" logs shell 2>&1 >/dev/null`);
    expect(seen).toStartWith("shell\n");
    expect(seen).toContain("42 is it\r\n");
    expect(seen).toEndWith("volt: info: ended with status 7\n");
  },
  LIMIT,
);

test(
  "a command reads nothing, and what it prints is in the log byte for byte",
  async () => {
    const seen = await onHost(`
      "$volt" run -d --id job -- sh -c 'echo one; cat; echo two; exit 3'
      "$volt" logs -f job 2>&1`);
    expect(seen).toBe("job\none\ntwo\nvolt: info: ended with status 3\n");
  },
  LIMIT,
);
