/** stdin and stdout that are no terminal: what goes through is exact. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { bytesOfEveryKind } from "../guest-bytes.ts";
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
  const under = ["bash", "-c", '"$@" | head -n 1; echo "status ${PIPESTATUS[0]}"', "bash"];

  expect(await guest(`yes | head -c ${SIZE}; exit 6`, [], { under })).toMatchObject({
    status: 0,
    stdout: "y\nstatus 6\n",
    log: "",
  });
});

test.concurrent("a reader that sleeps loses nothing, and the guest runs on meanwhile", async () => {
  // The pipe holds 4 KiB and volt's own ring 64: the guest comes to wait for its console, and its other process does not.
  const F_SETPIPE_SZ = 1031;
  const reader = `fcntl(STDIN, ${F_SETPIPE_SZ}, 4096) or die; sysread(STDIN, $b, 1); print $b; sleep 12; print while <STDIN>`;
  const under = ["bash", "-c", '"$@" | perl -e "$READER"; echo "status ${PIPESTATUS[0]}"', "bash"];
  const size = 96 * 1024;
  const script = `(while :; do echo >>/tmp/beats; sleep 0.1; done) & seq 1000000 | head -c ${size}; wc -l </tmp/beats`;
  const { stdout, log } = await guest(script, [], { under, env: { READER: reader } });
  const numbers = Array.from({ length: 30_000 }, (_, i) => `${i + 1}\n`).join("");

  expect(log).toBe("");
  expect(stdout.slice(0, size)).toBe(numbers.slice(0, size));
  expect(stdout.slice(size)).toMatch(/^[1-9]\d+\nstatus 0\n$/);
});
