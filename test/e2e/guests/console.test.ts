/** stdin and stdout that are no terminal: what goes through is exact. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { bytesOfEveryKind } from "../guest-bytes.ts";
import { readAfterSleep, readBy } from "./reader.ts";
import { guest, LIMIT } from "./volt.ts";

setDefaultTimeout(LIMIT);
/** A byte takes two exits, which take a nested machine a tenth of a millisecond. */
const SIZE = 48 * 1024;

test.concurrent("piped input arrives exactly with its end, and comes back exactly", async () => {
  const stdin = bytesOfEveryKind(SIZE);
  const { status, bytes, log } = await guest("cat >/tmp/all; exec cat /tmp/all", [], { stdin });

  expect({ status, log }).toEqual({ status: 0, log: "" });
  expect(bytes.equals(stdin)).toBe(true);
});

test.concurrent("piped input larger than volt's ring arrives whole", async () => {
  const stdin = Buffer.concat(Array.from({ length: 2 }, () => bytesOfEveryKind(SIZE)));
  const sum = new Bun.CryptoHasher("sha256").update(stdin).digest("hex");

  // A pipe that stays open a while: nothing but the guest's reading tells volt to go on.
  async function* chunks() {
    yield stdin;
    await Bun.sleep(1000);
  }
  const { status, stdout } = await guest("sha256sum", [], { stdin: chunks() });

  expect({ status, stdout }).toEqual({ status: 0, stdout: `${sum}  -\n` });
});

test.concurrent("what a command prints and how it ends come through though it never reads its input", async () => {
  const stdin = bytesOfEveryKind(SIZE);

  expect(await guest("echo out; echo err >&2; exit 9", [], { stdin })).toMatchObject({
    status: 9,
    stdout: "out\nerr\n",
    log: "",
  });
});

test.concurrent("a reader that leaves after one line holds nobody up", async () => {
  expect(await guest(`yes | head -c ${SIZE}; exit 6`, [], readBy("head -n 1"))).toMatchObject({
    status: 6,
    stdout: "y\nstatus 6\n",
    log: "",
  });
});

test.concurrent("a reader that sleeps loses nothing, and the guest runs on meanwhile", async () => {
  // The pipe holds 4 KiB and volt's own ring 64: the guest comes to wait for its console, and its other process does not.
  const asleep = 12;
  const size = 96 * 1024;
  const beat = "while :; do cut -d ' ' -f 1 /proc/uptime; sleep 0.1; done >/tmp/beats";
  const script = `(${beat}) & seq 1000000 | head -c ${size}; sleep 5; cat /tmp/beats`;
  const { stdout, log } = await guest(script, [], { ...readAfterSleep(asleep), limitMs: 300_000 });
  const numbers = Array.from({ length: 30_000 }, (_, i) => `${i + 1}\n`).join("");

  expect(log).toBe("");
  expect(stdout.slice(0, size)).toBe(numbers.slice(0, size));
  const [, beats = "", status] = /^((?:\d+\.\d+\n)*)status (\d+)\n$/.exec(stdout.slice(size)) ?? [];
  const times = beats.trimEnd().split("\n").map(Number);
  expect({ status, first: times[0]! > 0 }).toEqual({ status: "0", first: true });
  // Nothing stood still for as long as the reader slept.
  expect(times.at(-1)! - times[0]!).toBeGreaterThan(4);
  expect(Math.max(...times.slice(1).map((time, i) => time - times[i]!))).toBeLessThan(asleep - 3);
});
