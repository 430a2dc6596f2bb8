/** A paste of 10 MiB. A byte is two exits of a tenth of a millisecond in a nested machine: a quarter of an hour. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { guest, startVolt } from "../e2e/guests/volt.ts";

const MIB = 2 ** 20;
const SIZE = 10 * MIB;
const LIMIT_MS = 45 * 60_000;
setDefaultTimeout(2 * LIMIT_MS);

/** Lines of text, as one pastes them, each with its number. */
function text(size: number): string {
  const lines = Array.from(
    { length: Math.ceil(size / 32) },
    (_, i) => `${String(i).padStart(10, "0")} pasted text here...\n`,
  );
  return lines.join("").slice(0, size);
}

const sha256 = (data: string) => new Bun.CryptoHasher("sha256").update(data).digest("hex");

test("10 MiB pasted into a guest's terminal at once arrive whole", async () => {
  await using vm = await startVolt([], { tty: { rows: 24, columns: 80 }, limitMs: LIMIT_MS });
  await vm.printed("# ");
  vm.type(`stty raw -echo; echo rea""dy; head -c ${SIZE} | sha256sum; exit 0\r`);
  await vm.printed("ready");
  const pasted = text(SIZE);
  vm.type(pasted);
  const { status, stdout } = await vm.end();

  expect(stdout).toContain(sha256(pasted));
  expect(status).toBe(0);
});

test("10 MiB piped into a guest's command arrive whole", async () => {
  const piped = text(SIZE);
  const { status, stdout } = await guest("sha256sum", [], { stdin: piped, limitMs: LIMIT_MS });

  expect({ status, stdout }).toEqual({ status: 0, stdout: `${sha256(piped)}  -\n` });
});
