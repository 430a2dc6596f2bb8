/** A paste of 10 MiB, which is 20 million exits. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { paste, pastedText, sumOf } from "../e2e/cli/paste.ts";
import { guest, startVolt } from "../e2e/guests/volt.ts";

const MIB = 2 ** 20;
/** In a nested machine an exit takes a tenth of a millisecond. */
const LIMIT_MS = 60 * 60_000;
setDefaultTimeout(2 * LIMIT_MS);

const TEXT = pastedText(10 * MIB);
const sha256 = (data: string) => new Bun.CryptoHasher("sha256").update(data).digest("hex");

test("10 MiB pasted into a terminal at once reach a guest that polls whole and in order", async () => {
  expect(await paste(TEXT, LIMIT_MS)).toBe(sumOf(TEXT));
});

test("10 MiB pasted into a Linux guest's terminal at once arrive whole", async () => {
  await using vm = await startVolt([], { tty: { rows: 24, columns: 80 }, limitMs: LIMIT_MS });
  await vm.printed("# ");
  vm.type(`stty raw -echo; echo rea""dy; head -c ${TEXT.length} | sha256sum; exit 0\r`);
  await vm.printed("ready");
  vm.type(TEXT);
  const { status, stdout } = await vm.end();

  expect(stdout).toContain(sha256(TEXT));
  expect(status).toBe(0);
});

test("10 MiB piped into a guest's command arrive whole", async () => {
  const { status, stdout } = await guest("sha256sum", [], { stdin: TEXT, limitMs: LIMIT_MS });

  expect({ status, stdout }).toEqual({ status: 0, stdout: `${sha256(TEXT)}  -\n` });
});
